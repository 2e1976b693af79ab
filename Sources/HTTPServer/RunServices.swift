package import Logging
package import ServiceLifecycle
import UnixSignals

/// Runs services until SIGTERM or SIGINT, then stops them in reverse order.
///
/// - Parameters:
///   - stopWithin: what is not finished after this time is cancelled.
///   - cancelWithin: what has not ended this long after it was cancelled is given up.
///   - liveness: how the service shows to the service manager, if one started it, that it is ready and answers.
package func runServices(
    _ services: [any Service], stopWithin: Duration = .seconds(30), cancelWithin: Duration = .seconds(5),
    logger: Logger, liveness: Liveness
) async throws {
    var services = services
    if let manager = ServiceManager.ofThisProcess() {
        services.append(Supervision(manager: manager, liveness: liveness, logger: logger))
    }
    var configuration = ServiceGroupConfiguration(
        services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
    configuration.maximumGracefulShutdownDuration = stopWithin
    configuration.maximumCancellationDuration = cancelWithin
    try await ServiceGroup(configuration: configuration).run()
}
