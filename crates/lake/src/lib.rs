//! Where does settled data live and how is it read?

pub mod tables;

pub use tables::LakeTable;
