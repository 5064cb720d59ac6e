using OrleansPs.Core.Messages;

namespace OrleansPs.Client;

/// <summary>Where a session was when an operation began: what the operation's headers say.</summary>
/// <param name="Life">Counts the session's joins; what an earlier life learns late changes nothing.</param>
/// <param name="Generation">The model's generation.</param>
/// <param name="Term">The newest coordinator term known.</param>
/// <param name="Incarnation">The session's incarnation.</param>
/// <param name="Step">The open step.</param>
/// <param name="Clock">Its clock.</param>
/// <param name="MinClock">The slowest clock known.</param>
/// <param name="Cut">The adopted cut.</param>
/// <param name="Known">How many rounds are known to be closed.</param>
/// <param name="Newest">The newest certificate.</param>
/// <param name="Policy">The number of the policy in force.</param>
internal readonly record struct SessionView(
    int Life, long Generation, long Term, long Incarnation, long Step, long Clock, long MinClock, long Cut, long Known,
    Certificate? Newest, long Policy)
{
    public MessageHeader Header(int rank, int sequence) =>
        new(Generation, Term, 0, rank, Incarnation, Step, Clock, sequence, Cut, Known) { Policy = Policy };
}
