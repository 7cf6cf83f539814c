-- Further keys, each a named source. Access keys keep their secret, because SigV4 needs it to check a signature;
-- ingest keys keep only the BLAKE3 hash of their token. Times are microseconds since 1970.
CREATE TABLE keys (
    id          TEXT    NOT NULL PRIMARY KEY,
    kind        TEXT    NOT NULL CHECK (kind IN ('access', 'ingest')),
    source      TEXT    NOT NULL,
    tenant      TEXT    NOT NULL,
    secret      TEXT,
    token_hash  BLOB,
    created_at  INTEGER NOT NULL,
    revoked_at  INTEGER,
    CHECK ((kind = 'access') = (secret IS NOT NULL)),
    CHECK ((kind = 'ingest') = (token_hash IS NOT NULL))
) STRICT;

CREATE TABLE sign_in_links (
    token_hash  BLOB    NOT NULL PRIMARY KEY,
    expires_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE sessions (
    token_hash  BLOB    NOT NULL PRIMARY KEY,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL
) STRICT;
