//! supabase
