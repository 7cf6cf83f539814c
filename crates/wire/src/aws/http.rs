//! What does this crate see of HTTP? Borrowed parts in, owned parts out, and no server library.

/// One HTTP request, borrowed from whatever server received it.
#[derive(Debug, Clone, Copy)]
pub struct HttpRequest<'a> {
    /// Upper-case method, such as `POST`.
    pub method: &'a str,
    /// The path exactly as received, still percent-encoded, without the query.
    pub path: &'a str,
    /// The query exactly as received, without `?`; empty when there is none.
    pub query: &'a str,
    /// Names in any case, values as received, repeated headers as repeated rows. On HTTP/2 the server
    /// adds `host` from `:authority`.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body. For signatures: the bytes as received. For routing and decoding: inflated.
    pub body: &'a [u8],
}

impl<'a> HttpRequest<'a> {
    /// The first header of that name, whatever its case.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }

    /// The same request around another body: how the inflated bytes replace the received ones.
    pub fn with_body<'b>(&self, body: &'b [u8]) -> HttpRequest<'b>
    where
        'a: 'b,
    {
        HttpRequest { body, ..*self }
    }
}

/// One HTTP answer, ready for the server to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpResponse {
    /// Status code.
    pub status: u16,
    /// Lower-case names; `content-length` is left to the server.
    pub headers: Vec<(&'static str, String)>,
    /// The body, possibly empty.
    pub body: Vec<u8>,
}
