import CCurl
import Foundation

/// A request as it goes out: `POST` with a body below 20 kB.
struct HTTPRequest: Sendable, Hashable {
    let url: String
    let headers: [String]
    let body: String
}

/// What bounds a request.
struct RequestLimits: Sendable, Hashable {
    let connectMilliseconds: Int
    let totalMilliseconds: Int
    /// Of the answer; past it the rest is not read.
    let answerBytes: Int
    let addresses: AddressRules
}

/// One request in libcurl's hands: owns its easy handle and header list.
final class CurlTransfer {
    /// Which of the transfers under way it is.
    let index: Int
    let handle: UnsafeMutableRawPointer
    private var headers: UnsafeMutablePointer<curl_slist>?
    private let limits: RequestLimits
    private var receivedBytes = 0
    private var isCut = false
    private var hasRefusedAddress = false

    init(_ request: HTTPRequest, index: Int, limits: RequestLimits) throws(SendFailure) {
        guard let handle = curl_easy_init() else { throw .other }
        self.index = index
        self.handle = handle
        self.limits = limits
        // All properties are set: should this throw, the deinitialiser still frees them.
        try prepare(request)
    }

    deinit {
        curl_easy_cleanup(handle)
        curl_slist_free_all(headers)
    }

    private func prepare(_ request: HTTPRequest) throws(SendFailure) {
        if jieshui_curl_set_string(handle, CURLOPT_URL, request.url) != CURLE_OK { throw .malformedAddress }
        try check(jieshui_curl_set_string(handle, CURLOPT_PROTOCOLS_STR, "http,https"))
        try check(jieshui_curl_set_long(handle, CURLOPT_FOLLOWLOCATION, 0))
        // A proxy of the environment would connect for us, past the check of the address.
        try check(jieshui_curl_set_string(handle, CURLOPT_PROXY, ""))
        try check(jieshui_curl_set_string(handle, CURLOPT_NOPROXY, "*"))
        try check(jieshui_curl_set_long(handle, CURLOPT_NOSIGNAL, 1))
        try check(jieshui_curl_set_long(handle, CURLOPT_CONNECTTIMEOUT_MS, limits.connectMilliseconds))
        try check(jieshui_curl_set_long(handle, CURLOPT_TIMEOUT_MS, limits.totalMilliseconds))
        // Else the end of a transfer would wait for a name server past the time-out.
        try check(jieshui_curl_set_long(handle, CURLOPT_QUICK_EXIT, 1))
        try check(jieshui_curl_set_string(handle, CURLOPT_USERAGENT, "jieshui"))
        // The size first: the body is then copied with its length.
        try check(jieshui_curl_set_long(handle, CURLOPT_POSTFIELDSIZE, request.body.utf8.count))
        try check(jieshui_curl_set_string(handle, CURLOPT_COPYPOSTFIELDS, request.body))
        for header in request.headers {
            guard let longer = curl_slist_append(headers, header) else { throw .other }
            headers = longer
        }
        try check(jieshui_curl_set_pointer(handle, CURLOPT_HTTPHEADER, headers))
        let me = Unmanaged.passUnretained(self).toOpaque()
        try check(jieshui_curl_set_pointer(handle, CURLOPT_PRIVATE, me))
        try check(jieshui_curl_set_pointer(handle, CURLOPT_WRITEDATA, me))
        try check(jieshui_curl_set_write(handle, takeAnswer))
        try check(jieshui_curl_set_pointer(handle, CURLOPT_OPENSOCKETDATA, me))
        try check(jieshui_curl_set_open_socket(handle, openSocket))
    }

    private func check(_ code: CURLcode) throws(SendFailure) {
        if code != CURLE_OK { throw .other }
    }

    /// The transfer of a handle that libcurl names.
    static func of(_ handle: UnsafeMutableRawPointer) -> CurlTransfer? {
        var pointer: UnsafeMutableRawPointer?
        guard jieshui_curl_get_pointer(handle, CURLINFO_PRIVATE, &pointer) == CURLE_OK, let pointer else { return nil }
        return Unmanaged<CurlTransfer>.fromOpaque(pointer).takeUnretainedValue()
    }

    /// Takes a part of the answer's body and throws it away; false once there is more than we read.
    fileprivate func take(_ count: Int) -> Bool {
        receivedBytes += count
        isCut = receivedBytes > limits.answerBytes
        return !isCut
    }

    /// True where the address may be connected to.
    fileprivate func admits(_ address: [UInt8]) -> Bool {
        let isAdmitted = limits.addresses.permits(address)
        if !isAdmitted { hasRefusedAddress = true }
        return isAdmitted
    }

    /// What the finished transfer came to. A body that we cut off does not change what the status line said.
    func result(_ code: CURLcode) -> SendResult {
        guard code == CURLE_OK || isCut else { return .failed(failure(code)) }
        var status = 0
        guard jieshui_curl_get_long(handle, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK, status > 0 else {
            return .failed(.other)
        }
        return .answered(status: status, retryAfterSeconds: retryAfterSeconds)
    }

    /// What the answer's `Retry-After` comes to, a number of seconds or a date; nil where there is none. libcurl takes a
    /// number of more than 64 bits for none, so its digits are looked at once more.
    private var retryAfterSeconds: Int64? {
        var seconds: curl_off_t = 0
        if jieshui_curl_get_offset(handle, CURLINFO_RETRY_AFTER, &seconds) == CURLE_OK, seconds > 0 {
            return Int64(seconds)
        }
        var header: UnsafeMutablePointer<curl_header>?
        guard curl_easy_header(handle, "Retry-After", 0, UInt32(CURLH_HEADER), -1, &header) == CURLHE_OK,
            let value = header?.pointee.value
        else { return nil }
        let digits = String(cString: value)
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return Int64(digits) ?? .max
    }

    private func failure(_ code: CURLcode) -> SendFailure {
        if hasRefusedAddress, code == CURLE_COULDNT_CONNECT { return .addressRefused }
        switch code {
        case CURLE_URL_MALFORMAT: return .malformedAddress
        // An answer that is not of HTTP: a proxy that restarts, another program at the port.
        case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY: return .notHTTP
        case CURLE_COULDNT_RESOLVE_HOST: return .unresolvedName
        case CURLE_COULDNT_CONNECT: return .cannotConnect
        case CURLE_OPERATION_TIMEDOUT: return .timedOut
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE: return .notTrusted
        case CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE, CURLE_RECV_ERROR, CURLE_SEND_ERROR: return .brokenOff
        default: return .other
        }
    }
}

private func takeAnswer(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let context else { return 0 }
    let transfer = Unmanaged<CurlTransfer>.fromOpaque(context).takeUnretainedValue()
    return transfer.take(size * count) ? size * count : 0
}

/// Called by libcurl with the resolved address it is about to connect to. Nothing is sent to a refused one, not
/// even the opening of a connection.
private func openSocket(
    _ context: UnsafeMutableRawPointer?, _ purpose: curlsocktype, _ address: UnsafeMutablePointer<curl_sockaddr>?
) -> curl_socket_t {
    guard let context, let address, let bytes = addressBytes(of: address) else { return -1 }
    let transfer = Unmanaged<CurlTransfer>.fromOpaque(context).takeUnretainedValue()
    guard transfer.admits(bytes) else { return -1 }
    let type = address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue)
    return socket(address.pointee.family, type, address.pointee.protocol)
}

/// 4 bytes of an IPv4 or 16 of an IPv6 address; nil for any other family.
private func addressBytes(of address: UnsafeMutablePointer<curl_sockaddr>) -> [UInt8]? {
    guard let start = MemoryLayout<curl_sockaddr>.offset(of: \.addr) else { return nil }
    // `addr` is the beginning of a structure of the family's own size.
    let place: (offset: Int, count: Int)
    switch address.pointee.family {
    case AF_INET: place = (MemoryLayout<sockaddr_in>.offset(of: \.sin_addr) ?? 4, 4)
    case AF_INET6: place = (MemoryLayout<sockaddr_in6>.offset(of: \.sin6_addr) ?? 8, 16)
    default: return nil
    }
    guard Int(address.pointee.addrlen) >= place.offset + place.count else { return nil }
    return Array(UnsafeRawBufferPointer(start: UnsafeRawPointer(address) + start + place.offset, count: place.count))
}
