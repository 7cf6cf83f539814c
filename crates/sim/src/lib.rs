//! Is it right under any order, fault and clock?
