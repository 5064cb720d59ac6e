using OrleansPs.Protocol;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace OrleansPs.Ctl;

/// <summary>What people see. A heading that begins with &gt; is one of numbers.</summary>
internal static class Tables
{
    public static Table Models(IReadOnlyList<string> names) => Of(["model"], names.Select(name => (string[])[name]));

    public static Table Workers(IReadOnlyList<WorkerInfo> workers) => Of(
        [">rank", ">incarnation", "status", ">step", ">clock", ">behind", "waiting", ">blocks for", ">rounds missed"],
        WorkerDocument.Of(workers).Select(w => (string[])
        [
            Texts.Count(w.Rank), Texts.Count(w.Incarnation), Texts.Status(w.Status), Texts.Count(w.Step), Texts.Count(w.Clock),
            Texts.Count(w.Behind), Texts.YesNo(w.Waiting),
            w.BlocksForSeconds is { } seconds ? Texts.Seconds(seconds) : "-", Texts.Count(w.RoundsMissed),
        ]));

    public static Table Blocks(IReadOnlyList<BlockInfo> blocks) => Of(
        [">block", "silo", "standby", ">epoch", ">version", ">entries", ">bytes"],
        blocks.Select(b => (string[])
        [
            Texts.Count(b.Block), b.Silo, b.Standby ?? "none", Texts.Count(b.Epoch), Texts.Count(b.Version), Texts.Count(b.Entries), Texts.Bytes(b.Bytes),
        ]));

    public static Table Silos(IReadOnlyList<SiloInfo> silos) => Of(
        ["silo", "name", "draining", ">blocks", ">bytes"],
        silos.Select(s => (string[])[s.Address, s.Name, Texts.YesNo(s.IsDraining), Texts.Count(s.Blocks), Texts.Bytes(s.Bytes)]));

    public static Table Snapshots(IReadOnlyList<SnapshotInfo> snapshots) => Of(
        [">cut", ">generation", ">round", "taken", ">bytes"],
        snapshots.Select(s => (string[])
        [
            Texts.Count(s.Cut), Texts.Count(s.Generation), Texts.Count(s.Round), Texts.Time(s.TakenAt), Texts.Bytes(s.Bytes),
        ]));

    public static Table Model(ModelStatus status) => Of([status.Spec.Name, ""], Facts(status)).HideHeaders().Title(new TableTitle(Markup.Escape(status.Spec.Name)));

    private static IEnumerable<string[]> Facts(ModelStatus status)
    {
        var spec = status.Spec;
        yield return ["consistency", status.Policy.Consistency.ToString()];
        if (status.Policy.Number > 0) yield return ["policy", Texts.Of($"{status.Policy} (change {status.Policy.Number}; the spec has {spec.Consistency})")];
        if (status.NextPolicy is { } next && next != status.Policy) yield return ["next policy", next.ToString()];
        yield return ["durability", spec.Durability.IsReplicated ? "replicated" : "snapshot"];
        yield return ["parameters", $"{Texts.Count(spec.Parameters.Count)} ({Texts.Many(spec.Length, "element")}, {Texts.Bytes(spec.Length * sizeof(float))})"];
        yield return ["blocks", Texts.Count(status.Blocks)];
        yield return ["workers", $"{Texts.Count(status.Workers.Count(w => w.Status == WorkerStatus.Live))} live, {Texts.Count(status.Workers.Count)} known"];
        yield return [status.Policy.IsRounds ? "open round" : "slowest clock", Texts.Count(status.Round)];
        if (status.Policy.BackupWorkers > 0) yield return ["backup workers", Texts.Count(status.Policy.BackupWorkers)];
        if (Stragglers(status) is { Length: > 0 } stragglers) yield return ["waits for", stragglers];
        yield return ["generation", Texts.Count(status.Generation)];
        yield return ["last snapshot", status.LastSnapshot is { } last ? $"{Texts.Snapshot(last)}, {Texts.Time(last.TakenAt)}" : "none"];
        if (status.SnapshotError is { } error) yield return ["snapshot error", error];
    }

    private static string Stragglers(ModelStatus status) => string.Join(", ", status.Workers.Where(w => w.BlocksFor is not null)
        .Select(w => $"rank {w.Rank} ({Texts.Status(w.Status)}) for {Texts.Seconds(w.BlocksFor!.Value.TotalSeconds)}"));

    private static Table Of(string[] headings, IEnumerable<string[]> rows)
    {
        var table = new Table().Border(TableBorder.Rounded);
        foreach (var heading in headings)
        {
            var column = new TableColumn(new Text(heading.TrimStart('>')));
            table.AddColumn(heading.StartsWith('>') ? column.RightAligned() : column);
        }
        foreach (var row in rows) table.AddRow(row.Select(cell => (IRenderable)new Text(cell)));
        return table;
    }
}
