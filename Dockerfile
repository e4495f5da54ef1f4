# A small image: the program and nothing it does not need.
FROM rust:1-bookworm AS build
WORKDIR /loggia
COPY . .
RUN cargo build --release --locked

FROM debian:bookworm-slim
RUN useradd --system --uid 10001 --home-dir /data loggia && mkdir /data && chown loggia /data
COPY --from=build /loggia/target/release/loggia /usr/local/bin/loggia
USER loggia
VOLUME /data
EXPOSE 8080
ENV LOGGIA_DATA=/data LOGGIA_LISTEN=0.0.0.0:8080
ENTRYPOINT ["loggia"]
CMD ["serve"]
