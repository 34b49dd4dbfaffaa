# Build: docker build -t jieshui .     Run: README.md, "In a container"; a new volume needs an init first.
FROM swift:6.3.1-bookworm AS build
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends libsqlite3-dev libcurl4-openssl-dev libpq-dev zlib1g-dev libzstd-dev pkg-config \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
# The manifest names the test targets too, so their folders must be there.
COPY Package.swift ./
COPY Sources ./Sources
COPY Tests ./Tests
RUN swift build -c release --product jieshui --static-swift-stdlib
# COPY would spill a bundle's contents; the bundles must stay folders beside the program.
RUN mkdir /staging \
    && bin="$(swift build -c release --product jieshui --static-swift-stdlib --show-bin-path)" \
    && cp "$bin/jieshui" /staging/ \
    && find -L "$bin" -maxdepth 1 -name '*.resources' -exec cp -R {} /staging/ \;

FROM debian:bookworm-slim
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends libsqlite3-0 libcurl4 libpq5 zlib1g libzstd1 libstdc++6 ca-certificates tzdata \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/jieshui --shell /usr/sbin/nologin jieshui \
    && mkdir -p /var/lib/jieshui \
    && chown jieshui:jieshui /var/lib/jieshui
COPY --from=build /staging /usr/lib/jieshui
COPY tariffs /usr/share/jieshui/tariffs
RUN ln -s /usr/lib/jieshui/jieshui /usr/bin/jieshui
USER jieshui
WORKDIR /var/lib/jieshui
VOLUME /var/lib/jieshui
ENV JIESHUI_DATABASE=sqlite:/var/lib/jieshui/city.sqlite
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["jieshui", "health", "--port", "8080"]
ENTRYPOINT ["jieshui"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8080"]
