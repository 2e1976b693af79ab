/// What metrics count, for whoever reads `/metrics` without the reference.
enum MetricHelp {
    /// Those that every service has.
    static let ofEveryService = [
        "akashi_build_info": "Always 1; the labels say which build runs.",
        "akashi_connections_ended": "Connections that the service ended, by the listener's name and why.",
        "akashi_connections_open": "Connections now, by the listener's name.",
        "akashi_ready": "1 if the service is ready to serve, 0 if something is missing that /ready names.",
        "akashi_reload_failed":
            "1 if something was wrong when the configuration was last read while the service ran, else 0.",
        "akashi_request_duration": "Time from a request's header to its answer.",
        "akashi_requests":
            "Requests, by the listener's name, the route's template and the problem code, ok without one.",
        "akashi_valid_until_timestamp_seconds":
            "When something ends that is in use, by the configuration key that names it, in seconds since 1970.",
        "process_cpu_seconds": "Processor time of this process, in seconds.",
        "process_max_fds": "How many files this process may have open.",
        "process_open_fds": "How many files this process has open.",
        "process_resident_memory_bytes": "Memory of this process that is not swapped out, in bytes.",
        "process_start_time_seconds": "When this process began, in seconds since 1970.",
    ]
}
