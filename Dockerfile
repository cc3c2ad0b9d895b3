# syntax=docker/dockerfile:1
# One image for everything that `cortex` does: serve, work, migrate, doctor.
#
#   docker build --tag cortex .
#   docker run --rm cortex --help

FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
# The image's own toolchain: rust-toolchain.toml would have rustup fetch what only developers need.
ENV RUSTUP_TOOLCHAIN=1.95.0
COPY . .
# Both directories outlive a build, so that the next one compiles what has changed. The binary is copied out of the second.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --package cortex-app --bin cortex \
    && install -D --strip target/release/cortex /out/cortex

# glibc, libgcc and the authorities of TLS; no shell, no package manager. It runs as user 65532, who owns nothing.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /out/cortex /usr/local/bin/cortex
EXPOSE 8080
ENTRYPOINT ["/usr/local/bin/cortex"]
CMD ["serve"]
