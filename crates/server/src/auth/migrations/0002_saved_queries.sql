-- Queries that people keep, per tenant. A name is a view's name as well, which SQL does not tell apart by case. Times
-- are microseconds since 1970.
CREATE TABLE saved_queries (
    tenant      TEXT    NOT NULL,
    name        TEXT    NOT NULL COLLATE NOCASE,
    sql         TEXT    NOT NULL,
    saved_at    INTEGER NOT NULL,
    PRIMARY KEY (tenant, name)
) STRICT;
