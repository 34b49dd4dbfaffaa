#pragma once
#include <zlib.h>

// inflateInit2 is a macro, which Swift cannot call. 31: gzip with the widest window.
static inline int jieshui_inflate_init_gzip(z_stream *stream) { return inflateInit2(stream, 31); }
