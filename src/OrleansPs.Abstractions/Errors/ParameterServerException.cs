namespace OrleansPs;

/// <summary>The root of all errors of the parameter service.</summary>
public abstract class ParameterServerException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Whether the same call may succeed later without a change by the caller, and without another call before it.</summary>
    public virtual bool IsTransient => false;
}

/// <summary>The step can't be finished as it is: call <see cref="IParameterWorker.ResumeAsync"/> and do it again.</summary>
/// <remarks>Not transient: until the worker resumes, every call gets the same answer.</remarks>
public sealed class StepRestartException(StepRestartReason reason, string message)
    : ParameterServerException(message)
{
    /// <summary>Why.</summary>
    public StepRestartReason Reason { get; } = reason;
}

/// <summary>Why a step has to be done again.</summary>
public enum StepRestartReason
{
    /// <summary>The round closed without this worker.</summary>
    StepClosed,

    /// <summary>The worker's lease ran out.</summary>
    Evicted,

    /// <summary>The model was put back to a snapshot; after the resume <see cref="WorkerPosition.RestoredCut"/> says to which.</summary>
    ModelRestored,

    /// <summary>A push of the step was cancelled, or its outcome could not be learnt.</summary>
    StepAborted,
}

/// <summary>Another process took over this rank; this session is over.</summary>
public sealed class FencedException(string model, int rank)
    : ParameterServerException(
        $"Rank {rank} of model '{model}' was taken over by a newer session; this one must stop.")
{
    /// <summary>The rank.</summary>
    public int Rank { get; } = rank;
}

/// <summary>A call that does not fit the state of the session.</summary>
public sealed class WorkerStateException(string message) : ParameterServerException(message);

/// <summary>The service did not answer in time or could not be reached, in spite of retries.</summary>
public sealed class ServerUnavailableException(string message, Exception? inner = null)
    : ParameterServerException(message, inner)
{
    /// <inheritdoc/>
    public override bool IsTransient => true;
}
