using System.Globalization;
using Spectre.Console;

namespace OrleansPs.Torture;

/// <summary>What was done to the cluster, by kind.</summary>
internal static class FaultTable
{
    public static Table Of(Figures figures)
    {
        var table = new Table().Border(TableBorder.Rounded);
        table.AddColumn("fault");
        table.AddColumn(new TableColumn("count").RightAligned());
        foreach (var kind in Enum.GetValues<FaultKind>().Where(figures.Faults.ContainsKey)) Add(table, NameOf(kind), figures.Faults[kind]);
        if (figures.SilosEnded > 0) Add(table, "(silos that ended unasked)", figures.SilosEnded);
        if (figures.WorkersEnded > 0) Add(table, "(workers that ended unasked)", figures.WorkersEnded);
        return table;
    }

    /// <summary>A kind for people.</summary>
    public static string NameOf(FaultKind kind) => kind switch
    {
        FaultKind.KillSilo => "silo killed",
        FaultKind.PauseSilo => "silo paused, up to 3 s",
        FaultKind.PauseSiloLong => "silo paused, 8 s and more",
        FaultKind.EndSilo => "silo told to end",
        FaultKind.KillWorker => "worker killed",
        FaultKind.CutSilos => "two silos cut apart",
        FaultKind.CutSilosOneWay => "silo to silo cut, one way",
        FaultKind.CutWorker => "worker cut off from a silo",
        FaultKind.CutFromWorker => "worker to silo cut, one way",
        _ => "silo to worker cut, one way",
    };

    private static void Add(Table table, string name, int count) =>
        table.AddRow(new Text(name), new Text(count.ToString(CultureInfo.InvariantCulture)));
}
