import Hummingbird
import Water

extension Response {
    static func bytes(_ bytes: [UInt8], type: String, status: Int = 200) -> Response {
        var response = Response(
            status: .init(code: status), body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
        response.set("Content-Type", type)
        return response
    }

    static func json(_ value: CanonicalJSON, status: Int = 200) -> Response {
        bytes(value.bytes, type: "application/json", status: status)
    }

    static func html(_ text: String, status: Int = 200) -> Response {
        bytes(Array(text.utf8), type: "text/html; charset=utf-8", status: status)
    }

    /// 303: a form's answer is another page, fetched.
    static func seeOther(_ path: String) -> Response {
        var response = Response(status: .seeOther)
        response.set("Location", path)
        return response
    }

    mutating func set(_ name: String, _ value: String) {
        if let field = HTTPField.Name(name) { headers[field] = value }
    }

    /// Adds a field beside those of the same name.
    mutating func add(_ name: String, _ value: String) {
        if let field = HTTPField.Name(name) { headers.append(HTTPField(name: field, value: value)) }
    }

    func has(_ name: String) -> Bool { HTTPField.Name(name).map { headers[$0] != nil } ?? false }
}
