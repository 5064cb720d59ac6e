using OrleansPs.Core.Messages;

namespace OrleansPs.Client;

/// <summary>What a reader knows when it begins to read: what its headers say.</summary>
/// <param name="Generation">The model's generation.</param>
/// <param name="Known">How many rounds are known to be closed.</param>
/// <param name="Policy">The number of the policy that blocks work by.</param>
/// <param name="IsRounds">Whether that has rounds.</param>
/// <param name="Newest">The newest certificate; null under SSP and ASP, and where no round has closed in this generation.</param>
internal readonly record struct ReaderView(long Generation, long Policy, bool IsRounds, long Known, Certificate? Newest)
{
    private const int NoRank = -1;
    private const long AnyVersion = -1;

    /// <summary>Names the version that the newest certificate made, or none.</summary>
    public MessageHeader Header => new()
    {
        Generation = Generation,
        Rank = NoRank,
        Clock = Newest is null ? AnyVersion : Known,
        Certificate = Known,
        Policy = Policy,
    };
}
