namespace OrleansPs.Ctl;

/// <summary>What the program's exit status says.</summary>
internal static class ExitStatus
{
    public const int Ok = 0;

    /// <summary>There is no connection, or the cluster refused.</summary>
    public const int Failed = 1;

    /// <summary>An option, or what the options say together, breaks a rule.</summary>
    public const int BadOption = 2;

    /// <summary>Ended by Ctrl-C or SIGTERM.</summary>
    public const int Interrupted = 130;
}
