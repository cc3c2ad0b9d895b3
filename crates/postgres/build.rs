//! The migrations are embedded at compile time: a changed file has to compile this crate anew.

fn main() {
    println!("cargo::rerun-if-changed=../../migrations");
}
