//! The product: settings, listeners, auth, the loop that executes effects, JSON API, SSE.
