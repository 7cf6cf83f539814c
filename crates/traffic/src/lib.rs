//! What would real wallets send?
