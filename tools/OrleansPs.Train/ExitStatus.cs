namespace OrleansPs.Train;

/// <summary>What the program's exit status says.</summary>
internal static class ExitStatus
{
    public const int Ok = 0;

    /// <summary>The training failed, or its results could not be written.</summary>
    public const int Failed = 1;

    /// <summary>An option, or what the options say together, breaks a rule.</summary>
    public const int BadOption = 2;

    /// <summary>The data is missing or bad.</summary>
    public const int BadData = 3;

    /// <summary>There is no snapshot to resume from, or the snapshots can't be read or written.</summary>
    public const int NoSnapshot = 4;

    /// <summary>Ended by Ctrl-C or SIGTERM.</summary>
    public const int Interrupted = 130;
}
