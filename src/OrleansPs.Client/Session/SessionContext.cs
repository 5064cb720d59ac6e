namespace OrleansPs.Client;

/// <summary>What all parts of one session share.</summary>
internal sealed record SessionContext(
    IParameterTransport Transport, SessionState State, WorkerOptions Options, SessionEnvironment Environment,
    SessionMetrics Metrics, BlockCopies? Copies, GradientEncoder Encoder);
