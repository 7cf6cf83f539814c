//! Whole servers in this process, over real sockets and real folders.

mod card_numbers;
mod recovery;
mod server;
