/// Writes canonical JSON (see `CanonicalJSON`) without building it first: for texts that are written by the million.
///
/// The caller names an object's members in the order of their bytes, by names that need no escapes; a test of the
/// caller compares what it wrote with the canonical spelling.
public struct JSONText {
    public private(set) var bytes: [UInt8] = []
    private var isFirst = true

    /// `capacity`: bytes expected.
    public init(capacity: Int) { bytes.reserveCapacity(capacity) }

    // What takes a closure is inlined where it is called, so that each is made for its element.

    /// The whole value, or one within an array.
    @inlinable
    public mutating func object(_ members: (inout JSONText) -> Void) {
        separate()
        open(UInt8(ascii: "{"))
        members(&self)
        close(UInt8(ascii: "}"))
    }

    /// A member that is an object.
    @inlinable
    public mutating func object(_ key: StaticString, _ members: (inout JSONText) -> Void) {
        name(key)
        open(UInt8(ascii: "{"))
        members(&self)
        close(UInt8(ascii: "}"))
    }

    /// A member that is an array, element by element.
    @inlinable
    public mutating func array(_ key: StaticString, _ elements: (inout JSONText) -> Void) {
        name(key)
        open(UInt8(ascii: "["))
        elements(&self)
        close(UInt8(ascii: "]"))
    }

    /// An object where there is something, else `null`.
    @inlinable
    public mutating func object<Value>(
        _ key: StaticString, _ value: Value?, _ members: (inout JSONText, Value) -> Void
    ) {
        guard let value else { return member(key, Int64?.none) }
        name(key)
        open(UInt8(ascii: "{"))
        members(&self, value)
        close(UInt8(ascii: "}"))
    }

    /// One object for each element.
    @inlinable
    public mutating func objects<Element>(
        _ key: StaticString, _ elements: [Element], _ members: (inout JSONText, Element) -> Void
    ) {
        name(key)
        open(UInt8(ascii: "["))
        for element in elements {
            separate()
            open(UInt8(ascii: "{"))
            members(&self, element)
            close(UInt8(ascii: "}"))
        }
        close(UInt8(ascii: "]"))
    }

    /// A member that is an array of integers.
    public mutating func integers(_ key: StaticString, _ numbers: some Sequence<Int64>) {
        name(key)
        open(UInt8(ascii: "["))
        for number in numbers { element(number) }
        close(UInt8(ascii: "]"))
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
    public mutating func member(_ key: StaticString, _ number: Int64?) {
        name(key)
        write(number)
    }

    public mutating func member(_ key: StaticString, _ number: Int) { member(key, Int64(number)) }

    /// A member whose name is not known beforehand.
    public mutating func member(named key: String, _ number: Int) {
        separate()
        CanonicalJSON.write(key, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        write(Int64(number))
    }

    /// A member that is a string, or `null`.
    public mutating func member(_ key: StaticString, _ string: String?) {
        name(key)
        guard let string else { return literal("null") }
        CanonicalJSON.write(string, to: &bytes)
    }

    /// A member that is true or false.
    public mutating func member(_ key: StaticString, _ flag: Bool) {
        name(key)
        literal(flag ? "true" : "false")
    }

    /// A member whose value is built already.
    public mutating func member(_ key: StaticString, _ value: CanonicalJSON) {
        name(key)
        value.write(to: &bytes)
    }

    @usableFromInline
    mutating func name(_ key: StaticString) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        literal(key)
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
    }

    @usableFromInline
    mutating func separate() {
        if !isFirst { bytes.append(UInt8(ascii: ",")) }
        isFirst = false
    }

    @usableFromInline
    mutating func open(_ bracket: UInt8) {
        bytes.append(bracket)
        isFirst = true
    }

    @usableFromInline
    mutating func close(_ bracket: UInt8) {
        isFirst = false
        bytes.append(bracket)
    }

    private mutating func literal(_ text: StaticString) {
        // Safe here: a literal's bytes are there as long as the program.
        text.withUTF8Buffer { unsafe bytes.append(contentsOf: $0) }
    }

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
    var digits = 1
    var next: UInt64 = 10
    while rest >= next {
        digits += 1
        if digits == 20 { break }
        next *= 10
    }
    bytes.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: digits))
    var place = bytes.count - 1
    while rest > 0 {
        bytes[place] += UInt8(truncatingIfNeeded: rest % 10)
        rest /= 10
        place -= 1
    }
}
