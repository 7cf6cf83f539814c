//! How do clients talk? Bytes and headers to operations and back.
