namespace OrleansPs.Simulation.Mutants;

/// <summary>Shards of tables: what a block of rows does otherwise than a dense one.</summary>
internal static partial class MutantCatalog
{
    private const string Tables = "src/OrleansPs.Core/Tables/";

    private static IEnumerable<Mutant> Rows =>
    [
        new("no-copy-of-a-row-before-a-write", "A row of an open cut is kept before a later push or round changes it.", "P5",
            Tables + "TableBody.cs", 50,
            new Edit("        _frozen?.Preserve(key, _rows, row);\n", "")),
        new("absence-of-a-row-is-not-kept", "That a key had no row at an open cut is kept before it gets one.", "P5",
            Tables + "FrozenRows.cs", 500,
            new Edit("if (row < 0) _absent.Add(key);", "if (row < 0) { }")),
        new("late-push-misses-the-frozen-rows", "A push of rows from before the cut goes to the frozen rows as well.", "P5",
            Tables + "TableBody.cs", 200,
            new Edit("        if (_frozen is not null) UpdateFrozen(_frozen, key, row, gradient, moment, admitted);\n", "")),
        new("row-that-ended-is-not-kept", "A row of an open cut is kept before it is swept out.", "P5",
            Tables + "RowEviction.cs", 1000,
            new Edit("        frozen?.Preserve(rows.KeyOf(row), rows, row);\n", "")),
        new("rows-are-summed-backwards", "Rows are summed over ranks in their order.", "P3 P5",
            Tables + "StagedRows.cs", 200,
            new Edit("in MembersOf(certificate))", "in Enumerable.Reverse(MembersOf(certificate)))")),
        new("staged-rows-are-not-in-the-state", "A new replica knows the rows that the open round has so far.", "P1 P2 P3 P5",
            Tables + "StagedRows.cs", 50,
            new Edit("            contribution.Add(image.Keys, image.Sum);\n", "")),
        new("restored-rows-forget-their-optimizer", "A restored row goes on with its optimizer's state.", "P2 P3 P5",
            Tables + "TableBody.cs", 50,
            new Edit("rows.RecordOf(i).CopyTo(_rows.Record(_rows.Add(rows.Keys[i])));",
                "{ var r = _rows.Record(_rows.Add(rows.Keys[i])); rows.RecordOf(i).CopyTo(r); _rules.Layout.StateOf(r).Clear(); }")),
        new("restored-sketch-is-empty", "A restored shard goes on with the counts of keys that have no row yet.", "P2 P3 P5",
            Tables + "TableBody.cs", 50,
            new Edit("image?.Rows?.Sketch is { } counters ? AdmissionSketch.From(counters) : new(_rules.SketchBytes)", "new(_rules.SketchBytes)")),
        new("restored-shard-forgets-its-clock", "A restored shard goes on at the clock of its image.", "P2 P3 P5",
            Tables + "TableBody.cs", 100,
            new Edit("            _clock = rows.Clock;\n", "")),
        new("every-key-is-admitted", "A key gets its row with the push that its table's lifetime says.", "P3 P5",
            Tables + "TableBody.cs", 50,
            new Edit("_sketch.Touch(KeyHash.Of(key)) >= _rules.AdmitAfter", "true")),
        new("rows-never-end", "A row that was not pushed for so many clocks has its first values again.", "P3 P5",
            Tables + "RowRules.cs", 50,
            new Edit("TimeToLive > 0 && clock - TouchedAt(record) > TimeToLive", "false")),
    ];
}
