import Foundation

/// What libFuzzer calls with every input. The target is chosen once by JIESHUI_FUZZ_TARGET.
///
/// - Returns: 0; libFuzzer keeps an input that reaches something new.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOne(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    FuzzTarget.chosen.read([UInt8](UnsafeBufferPointer(start: data, count: count)))
    return 0
}

/// What libFuzzer calls first: `JIESHUI_FUZZ_TARGET=list` prints the targets' names, an unknown one ends with 64.
@_cdecl("LLVMFuzzerInitialize")
public func fuzzInitialize(_ count: UnsafeMutableRawPointer?, _ arguments: UnsafeMutableRawPointer?) -> CInt {
    let name = ProcessInfo.processInfo.environment["JIESHUI_FUZZ_TARGET"] ?? ""
    if FuzzTarget.all.contains(where: { $0.name == name }) { return 0 }
    print(FuzzTarget.all.map(\.name).joined(separator: "\n"))
    fflush(nil)
    // libFuzzer takes an ordinary exit for a crash.
    _exit(name == "list" ? 0 : 64)
}

/// One decoder with what it is to hold for any bytes. A trap or a broken promise ends the process.
struct FuzzTarget: Sendable {
    let name: String
    let read: @Sendable ([UInt8]) -> Void

    /// Every target, by the names that scripts/fuzz knows.
    static let all = bodies + telegrams + tables + pushes + packed

    static let chosen: FuzzTarget = {
        let name = ProcessInfo.processInfo.environment["JIESHUI_FUZZ_TARGET"] ?? ""
        guard let target = all.first(where: { $0.name == name }) else { end("no target \(name)") }
        return target
    }()
}

/// Ends the process where a decoder broke what it promises; libFuzzer then writes the input down.
func promise(_ holds: Bool, _ said: @autoclosure () -> String) {
    if !holds { end("broken promise: \(said())") }
}

/// Optimised code traps without a word; this has one.
func end(_ said: String) -> Never {
    print(said)
    fflush(nil)
    abort()
}

/// The first byte chooses among options, the rest is the body. An empty input has nothing to choose by.
func split(_ input: [UInt8]) -> (choice: Int, body: [UInt8]) {
    guard let first = input.first else { return (0, []) }
    return (Int(first), Array(input[1...]))
}
