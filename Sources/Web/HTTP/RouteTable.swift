import Hummingbird
import Synchronization

/// Which methods each address takes: to tell a wrong method from a wrong address.
final class RouteTable: Sendable {
    private struct Route {
        /// nil for a part that may be anything.
        let parts: [String?]
        let method: String
    }

    private let routes = Mutex<[Route]>([])

    /// Takes the routes once they are all there.
    func fill(from router: Router<WebContext>) {
        let found = router.routes.map { route in
            Route(
                parts: route.path.description.split(separator: "/").map {
                    $0.contains("{") || $0.contains(":") || $0.contains("*") ? nil : String($0)
                }, method: route.method.rawValue)
        }
        routes.withLock { $0 = found }
    }

    /// The methods that a path takes, `GET` with `HEAD`, in the order of their names; empty where there is nothing.
    func methods(of path: String) -> [String] {
        let parts = path.split(separator: "/").map(String.init)
        let found = routes.withLock { routes in
            routes.filter { route in
                route.parts.count == parts.count && zip(route.parts, parts).allSatisfy { $0 == nil || $0 == $1 }
            }.map(\.method)
        }
        return Set(found + (found.contains("GET") ? ["HEAD"] : [])).sorted()
    }
}
