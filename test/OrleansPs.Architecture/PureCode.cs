namespace OrleansPs.Architecture;

/// <summary>
/// What the engine may not use: clocks, threads, randomness, files, consoles, loggers. Time, seeds and bytes are handed in,
/// so that the same command at the same time in the same state has the same effects.
/// </summary>
internal static class PureCode
{
    private static readonly string[] BannedNamespaces =
    [
        "System.Threading", "System.Timers", "System.Net", "System.IO",
        "System.Diagnostics.Metrics", "System.Diagnostics.Tracing", "Microsoft.Extensions", "Orleans",
    ];

    private static readonly string[] BannedTypes =
    [
        "System.Console", "System.Environment", "System.TimeProvider", "System.ThreadStaticAttribute",
        "System.Random", "System.Security.Cryptography.RandomNumberGenerator",
        "System.Diagnostics.Stopwatch", "System.Diagnostics.Process", "System.Diagnostics.Trace",
        "System.Diagnostics.Activity", "System.Diagnostics.ActivitySource", "System.Runtime.CompilerServices.IsVolatile",
    ];

    private static readonly string[] BannedMembers =
    [
        "System.DateTime::get_Now", "System.DateTime::get_UtcNow", "System.DateTime::get_Today",
        "System.DateTimeOffset::get_Now", "System.DateTimeOffset::get_UtcNow",
        "System.Guid::NewGuid", "System.Guid::CreateVersion7",
    ];

    /// <summary>Exceptions to the bans, each with its reason.</summary>
    private static readonly Dictionary<string, string> Allowed = new()
    {
        ["System.IO.InvalidDataException"] = "says that bytes are damaged; no I/O",
        ["System.IO.EndOfStreamException"] = "says that bytes end too early; no I/O",
        ["System.Environment::get_CurrentManagedThreadId"] = "the compiler puts it into every iterator",
    };

    public static IEnumerable<string> Check(AssemblyReferences references)
    {
        var types = references.Types.Where(IsBanned).ToHashSet();
        var members = references.Members.Where(member => types.Contains(TypeOf(member)) || BannedMembers.Contains(member)).ToArray();
        var bare = types.Except(members.Select(TypeOf));
        return members.Except(Allowed.Keys).Concat(bare).Order(StringComparer.Ordinal);
    }

    private static bool IsBanned(string type) => !Allowed.ContainsKey(type) &&
        (BannedTypes.Contains(type) || BannedNamespaces.Any(name => type.StartsWith(name + ".", StringComparison.Ordinal)));

    private static string TypeOf(string member) => member.Split("::")[0];
}
