//! nango
