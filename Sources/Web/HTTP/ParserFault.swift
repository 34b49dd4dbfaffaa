import NIOHTTP1

extension Problem {
    /// Bytes that are no request: the reason alone, nothing of what was sent.
    init(_ fault: HTTPParserError) {
        self.init("bad-request", 400, "The request cannot be understood.", detail: fault.reason)
    }
}

extension HTTPParserError {
    fileprivate var reason: String {
        switch self {
        case .headerOverflow: "The request line or a field is larger than 80 KiB, or there are more than 1,000 fields."
        case .invalidMethod: "The request line does not begin with a method of HTTP."
        case .invalidURL: "The request line's second part is no address."
        case .invalidConstant, .invalidVersion: "The request line does not end with HTTP/1.1 or HTTP/1.0."
        case .invalidHeaderToken, .invalidCharactersUsed: "A field of the header has a character that is not allowed."
        case .lfExpected: "A line of the header does not end with CR and LF."
        case .invalidContentLength: "Content-Length is no number of bytes, or stands beside Transfer-Encoding."
        case .unexpectedContentLength: "Content-Length is given twice."
        case .invalidChunkSize: "The size of a chunk is no hexadecimal number."
        case .invalidEOFState: "The request ends within its header or its body."
        // The parser has no case of its own for these.
        case .unknown:
            "Transfer-Encoding is another than chunked or stands beside Content-Length, or a line ends without CR."
        default: "The bytes are no request of HTTP/1.1."
        }
    }
}
