namespace OrleansPs.Simulation.Mutants;

/// <summary>The worker session.</summary>
internal static partial class MutantCatalog
{
    private static IEnumerable<Mutant> Sessions =>
    [
        new("retry-takes-a-new-number", "A push that is sent again keeps its number.", "P1 P8 Liveness",
            Transfers + "BlockOperation.cs", 50,
            new Edit("transfer.Pushes ? _sequences[index] : 0);", "transfer.Pushes ? _sequences[index]++ : 0);")),
        new("replay-takes-new-numbers", "A step that is done again numbers its pushes from 0.", "P1 P8 Liveness",
            Session + "SessionState.Steps.cs", 50,
            new Edit("waiting = _ledger.Reset();\n            _phase", "waiting = _ledger.TakeWaiting();\n            _phase")),
        new("clock-while-a-push-is-open", "A clock is refused while a push of the step is unresolved.", "P1 P3",
            Session + "SessionState.Steps.cs", 50,
            new Edit("RequireActive();\n            if (_ledger.Unresolved > 0) throw Unresolved();", "RequireActive();")),
        new("unknown-outcome-does-not-abort", "A push without an acknowledgement of every block aborts the step.", "P1 P3",
            Session + "SessionState.cs", 200,
            new Edit("if (!acknowledged && view.Life", "if (false && view.Life")),
        new("copy-stamped-with-the-own-clock", "A copy is stamped with the slowest clock known before its request left.", "P4",
            Transfers + "BlockCopies.cs", 100,
            new Edit("if (_stamps[slice.Segment] > view.MinClock) continue;", ""),
            new Edit("_stamps[slice.Segment] = view.MinClock;", "_stamps[slice.Segment] = view.Clock;")),
        new("copy-serves-too-long", "A copy serves at clock c while its stamp is c - s or more.", "P4",
            Transfers + "BlockCopies.cs", 50,
            new Edit("view.Clock - staleness,", "view.Clock - staleness - 1,")),
        new("prefetch-serves-for-ever", "A prefetched copy obeys the bound as any other.", "P4",
            Transfers + "Prefetcher.cs", 50,
            new Edit("copy.MinClock >= now.Clock - consistency.Staleness", "true")),
        new("prefetch-serves-the-next-round", "Under BSP a prefetched copy serves the round it was made in.", "P3",
            Transfers + "Prefetcher.cs", 50,
            new Edit("copy.Clock == now.Clock", "true")),
    ];
}
