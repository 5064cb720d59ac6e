using System.Text;
using OrleansPs.Core.Consistency;
using OrleansPs.Core.Messages;

namespace OrleansPs.Core.Tests.Consistency;

/// <summary>Effects, replies and states of a coordinator as short text.</summary>
internal static class Telling
{
    public static string Of(CoordinatorEffect effect) => effect switch
    {
        CertifyBlocks e => $"certify{Range(e.Certificates)}",
        FreezeBlocks e => $"freeze {e.Cut} at {e.Round}{Range(e.Certificates)}",
        ChangeBlocks e => $"change blocks to {e.Policy.Number} {e.Policy} at {e.Clock} from {e.From}{Range(e.Certificates)}",
        PolicyInForce e => $"in force {e.Policy.Number}",
        WriteChunks e => $"write {e.Cut}",
        WriteManifest e => $"manifest {e.Cut} at {e.Round}: {string.Join("; ", e.Ranks.Select(Of))}"
            + $" in {string.Join(' ', e.Chunks.Select(c => c.Name))}"
            + string.Concat(e.Open.Select(o => $"; open b{o.Block} r{o.Rank} s{o.Step} n{string.Join(",n", o.Sequences)}")),
        EndCut e => $"end {e.Cut} " + (e.Completed ? "done" : $"given up: {e.Reason}"),
        _ => effect.ToString(),
    };

    public static string Of(object reply) => reply switch
    {
        JoinReply { Status: CoordinatorStatus.Ok } r => $"joins .{r.Incarnation} s{r.Step} c{r.Clock}"
            + Unless0(" q", r.Cursor) + Unless0(" min", r.MinClock) + Unless0(" cut", r.Cut) + Unless0(" restored", r.RestoredCut)
            + Range(r.Certificates) + Of(r.Inherited) + Of(r.Policy),
        ClockReply { Status: CoordinatorStatus.Ok } r => $"clock c{r.Clock} min{r.MinClock}{Unless0(" cut", r.Cut)}"
            + (r.Certificate is null ? "" : $" {Of(r.Certificate)}") + Of(r.Policy),
        PresenceReply { Status: CoordinatorStatus.Ok } r => $"is heard min{r.MinClock}",
        JoinReply { Status: CoordinatorStatus.Evicted } r => $"join Evicted .{r.Incarnation}" + Blank(
            r, Coordinator.Refused(r.Status) with { Generation = r.Generation, Incarnation = r.Incarnation }),
        JoinReply r => $"join {r.Status}" + Blank(r, Coordinator.Refused(r.Status)),
        ClockReply r => $"clock {r.Status}" + Blank(r, new ClockReply { Status = r.Status }),
        PresenceReply r => $"word {r.Status}",
        _ => reply.ToString()!,
    };

    public static string Of(RankRecord r) =>
        $"{r.Rank}.{r.Incarnation} {r.Status} s{r.Step} c{r.Clock} q{r.Cursor}{Of(r.Inherited)}";

    public static string Of(Certificate c) => $"[{c.Round}:{string.Join(',', c.Members.Select(m => $"{m.Rank}.{m.Incarnation}"))}]";

    /// <summary>All that can be seen of a state.</summary>
    public static string Of(ControlState state)
    {
        var text = new StringBuilder();
        text.AppendLine($"generation {state.Generation} round {state.Round} min {state.MinClock} index {state.Index}");
        text.AppendLine($"cuts: newest {state.NewestCut} last {state.LastCut} restored {state.RestoredCut}");
        if (state.Policy.Number > 0) text.AppendLine($"policy {state.Policy.Number} {state.Policy} from {state.SwitchFrom}");
        if (state.OpenCut is { } open)
            text.AppendLine($"open {open.Cut} at {open.Round}: {string.Join("; ", open.Positions.Values.Select(Of))}");
        foreach (var rank in state.Ranks.Values)
            text.AppendLine($"{Of(rank.Record)} cut {rank.Cut} in {rank.ContributedRound}.{rank.ContributedIncarnation}{Unless0(" missed ", rank.RoundsMissed)} "
                + $"nonce {rank.Nonce:N} before {string.Join(' ', rank.PastNonces.Select(n => n.ToString("N")))} first {string.Join(' ', rank.FirstNonces.Select(n => n.ToString("N")))}");
        foreach (var certificate in state.Certificates) text.AppendLine(Of(certificate));
        return text.ToString();
    }

    private static string Of(TrainingPolicy? policy) => policy is null ? "" : $" {policy.Number} {policy}";

    private static string Of(IReadOnlyList<InheritedCursor> inherited) =>
        string.Concat(inherited.Select(i => $" inherits {i.Rank}:s{i.Step}:q{i.Cursor}"));

    private static string Range(IReadOnlyList<Certificate> certificates)
    {
        for (var i = 1; i < certificates.Count; i++) Assert.Equal(certificates[i - 1].Round + 1, certificates[i].Round);
        return certificates.Count == 0 ? "" : $" {certificates[0].Round}..{certificates[^1].Round}";
    }

    // A refusal tells a status and nothing else.
    private static string Blank(object reply, object blank) => Equals(reply, blank) ? "" : $" with {reply}";

    private static string Unless0(string name, long number) => number == 0 ? "" : name + number;
}
