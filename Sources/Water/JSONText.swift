/// Writes canonical JSON (see `CanonicalJSON`) without building it first: for texts that are written by the million.
///
/// The caller names an object's members in the order of their bytes; a test of the caller compares what it wrote with
/// the canonical spelling.
public struct JSONText {
    public private(set) var bytes: [UInt8] = []
    private var isFirst = true

    /// `capacity`: bytes expected.
    public init(capacity: Int) { bytes.reserveCapacity(capacity) }

    /// The whole value, or one within an array.
    public mutating func object(_ members: (inout JSONText) -> Void) {
        separate()
        enclose("{", "}", members)
    }

    /// A member that is an object.
    public mutating func object(_ key: String, _ members: (inout JSONText) -> Void) {
        name(key)
        enclose("{", "}", members)
    }

    /// A member that is an array, element by element.
    public mutating func array(_ key: String, _ elements: (inout JSONText) -> Void) {
        name(key)
        enclose("[", "]", elements)
    }

    /// An object where there is something, else `null`.
    public mutating func object<Value>(
        _ key: String, _ value: Value?, _ members: (inout JSONText, Value) -> Void
    ) {
        name(key)
        guard let value else { return literal("null") }
        enclose("{", "}") { members(&$0, value) }
    }

    /// One object for each element.
    public mutating func objects<Element>(
        _ key: String, _ elements: [Element], _ members: (inout JSONText, Element) -> Void
    ) {
        array(key) { text in for element in elements { text.object { members(&$0, element) } } }
    }

    /// A member that is an array of integers.
    public mutating func integers(_ key: String, _ numbers: some Sequence<Int64>) {
        array(key) { text in for number in numbers { text.element(number) } }
    }

    /// An array's element; nil is `null`.
    public mutating func element(_ number: Int64?) {
        separate()
        write(number)
    }

    /// An array's element.
    public mutating func element(_ string: String) {
        separate()
        CanonicalJSON.write(string, to: &bytes)
    }

    /// A member that is an integer, or `null`.
    public mutating func member(_ key: String, _ number: Int64?) {
        name(key)
        write(number)
    }

    public mutating func member(_ key: String, _ number: Int) { member(key, Int64(number)) }

    /// A member that is a string, or `null`.
    public mutating func member(_ key: String, _ string: String?) {
        name(key)
        guard let string else { return literal("null") }
        CanonicalJSON.write(string, to: &bytes)
    }

    /// A member that is true or false.
    public mutating func member(_ key: String, _ flag: Bool) {
        name(key)
        literal(flag ? "true" : "false")
    }

    /// A member whose value is built already.
    public mutating func member(_ key: String, _ value: CanonicalJSON) {
        name(key)
        value.write(to: &bytes)
    }

    private mutating func name(_ key: String) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: key.utf8)
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
    }

    private mutating func separate() {
        if !isFirst { bytes.append(UInt8(ascii: ",")) }
        isFirst = false
    }

    private mutating func enclose(
        _ open: Unicode.Scalar, _ close: Unicode.Scalar, _ content: (inout JSONText) -> Void
    ) {
        bytes.append(UInt8(ascii: open))
        isFirst = true
        content(&self)
        isFirst = false
        bytes.append(UInt8(ascii: close))
    }

    private mutating func literal(_ text: String) { bytes.append(contentsOf: text.utf8) }

    private mutating func write(_ number: Int64?) {
        guard let number else { return literal("null") }
        appendDecimal(number, to: &bytes)
    }
}

/// The decimal digits of a number, with `-` before them where it is below 0.
public func appendDecimal(_ number: Int64, to bytes: inout [UInt8]) {
    if number < 0 { bytes.append(UInt8(ascii: "-")) }
    var rest = number.magnitude
    if rest < 10 {
        bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest))
        return
    }
    let start = bytes.count
    repeat {
        bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
        rest /= 10
    } while rest > 0
    var (low, high) = (start, bytes.count - 1)
    while low < high {
        bytes.swapAt(low, high)
        low += 1
        high -= 1
    }
}
