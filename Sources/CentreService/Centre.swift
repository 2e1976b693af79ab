package import Foundation
import MutualTLS
package import HTTPServer
import Exchange
import ExchangeServer
import Hummingbird
package import Logging
package import ServiceLifecycle

/// The services of a centre, in the order in which they start; they stop in reverse order, so that the entrance is shut
/// and empty before the way to `vrs` goes.
///
/// - Parameters:
///   - configuration: checked.
///   - ready: prints the ready line; it knows the listeners `terminal` and `operations`.
///   - metrics: where everything is counted.
///   - logger: for the access log and the service's own lines.
///   - now: the clock.
package func buildCentre(
    _ configuration: CentreConfiguration, ready: ReadyLine, metrics: PrometheusFactory, logger: Logger,
    now: @escaping @Sendable () -> Date
) throws -> [any Service] {
    let upstream = configuration.recordSystem
    let client = MutualTLSClient(
        baseURL: upstream.url, identity: upstream.identity, authorities: upstream.authorities,
        connections: upstream.connections)
    let keeper = GateKeeper(
        client: client, configuration: upstream, hours: configuration.hours, now: now, metrics: metrics, logger: logger)
    let routes = TerminalRoutes(
        configuration: configuration, keeper: keeper,
        recordSystem: RecordSystem(
            client: client, configuration: upstream, metrics: metrics, logger: logger, heard: keeper.heard),
        now: now)
    let router = Router.exchange(listener: "terminal", quietRoutes: [TerminalRoute.menu.template], metrics: metrics)
    routes.add(to: router)
    let operations = operationsListener(
        configuration.operations, problem: ProblemCode.self, ready: ready, metrics: metrics, logger: logger
    ) {
        (try? keeper.current) == nil ? ["upstream.unavailable"] : []
    }
    let terminal = try mutualTLSListener(
        configuration.terminal, router: router, problem: ProblemCode.self, ready: ready, metrics: metrics,
        logger: logger)
    return [client, keeper, operations, terminal]
}

/// The names of a centre's listeners, in the order of the ready line.
package let centreListeners = ["terminal", "operations"]
