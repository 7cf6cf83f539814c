//! Filter patterns held against tables of cases, against a naive reference, and against hostile input.

mod brief;
mod hostile;
mod lines;
mod property;
mod reference;
mod tables;
