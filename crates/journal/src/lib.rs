//! Is it durable, in which order, from where do I replay?
