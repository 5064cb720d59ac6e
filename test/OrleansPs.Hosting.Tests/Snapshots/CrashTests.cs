using OrleansPs.Hosting;

namespace OrleansPs.Hosting.Tests;

/// <summary>Wherever a process dies while it takes snapshots, the newest one that was promised is there, and work goes on.</summary>
public sealed class CrashTests : IDisposable
{
    // Number, chunks, manifest, then the deletion of the oldest, and of orphans.
    private const int ChangesOfACut = 1 + Cuts.Blocks + 1 + 1 + 1;

    private readonly SnapshotDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    public static TheoryData<int, bool> Deaths
    {
        get
        {
            var deaths = new TheoryData<int, bool>();
            for (var at = 1; at <= ChangesOfACut; at++)
            {
                deaths.Add(at, false);
                deaths.Add(at, true);
            }
            return deaths;
        }
    }

    [Theory]
    [MemberData(nameof(Deaths))]
    public async Task A_death_at_any_change_loses_no_promised_snapshot(int at, bool after)
    {
        await TakeAsync(_directory.Store, keep: 1);
        var dying = new CrashingStore(_directory.Store, at, after);
        await Assert.ThrowsAsync<CrashException>(() => TakeAsync(dying, keep: 1));

        var next = new DirectorySnapshotStore(_directory.Path);
        var loaded = await Cuts.LoadAsync(next);
        Cuts.AssertIs(loaded.Manifest.Cut, loaded);
        Assert.InRange(loaded.Manifest.Cut, Math.Max(1, dying.Promised), Math.Max(1, dying.Begun));
        Assert.Empty(loaded.Skipped);

        var cut = await TakeAsync(next, keep: 1);
        Assert.True(cut > dying.Begun, $"Cut {cut} was begun before.");
        Cuts.AssertIs(cut, await Cuts.LoadAsync(next));
        Assert.Equal(Cuts.Blocks + 1 + 2, _directory.Files().Length);
    }

    public static TheoryData<string> Orders => ["0123", "0132", "0213", "0231", "0312", "0321", "3012", "3021", "3102", "3120", "3201", "3210",
        "1023", "1032", "1203", "1230", "1302", "1320", "2013", "2031", "2103", "2130", "2301", "2310"];

    /// <summary>
    /// A disk that promised less than it should: the files of a cut come in any order, the last one cut off anywhere.
    /// 0 to 2 are chunks, 3 is the manifest.
    /// </summary>
    [Theory]
    [MemberData(nameof(Orders))]
    public async Task Files_in_any_order_and_cut_off_anywhere_leave_the_snapshot_before(string order)
    {
        await Cuts.WriteAsync(_directory.Store, 1, 2);
        var files = order.Select(file => file == '3' ? _directory.Manifest(2) : _directory.Chunk(2, file - '0'))
            .Select(path => (Path: path, Bytes: File.ReadAllBytes(path))).ToArray();
        foreach (var file in files) File.Delete(file.Path);
        foreach (var (path, bytes) in files)
        {
            foreach (var length in (int[])[0, 1, bytes.Length / 2, bytes.Length - 1])
            {
                await File.WriteAllBytesAsync(path, bytes[..length]);
                Cuts.AssertIs(1, await Cuts.LoadAsync(_directory.Store));
            }
            await File.WriteAllBytesAsync(path, bytes);
            Cuts.AssertIs(path == files[^1].Path ? 2 : 1, await Cuts.LoadAsync(_directory.Store));
        }
    }

    [Fact]
    public async Task A_killed_process_leaves_every_snapshot_it_had_promised()
    {
        long promised = 0, begun = 0;
        // Another death each time: a few lines further on.
        for (var life = 1; life <= 6; life++)
        {
            using (var child = Child.Start("write-cuts", _directory.Path))
            {
                for (var line = 0; line < life + 1; line++) Read(child.ReadLine());
                child.Kill();
                // What it said before it died counts too.
                while (child.ReadLine() is { } line) Read(line);
            }
            var store = new DirectorySnapshotStore(_directory.Path);
            if (promised == 0) continue;
            var loaded = await Cuts.LoadAsync(store);
            Cuts.AssertIs(loaded.Manifest.Cut, loaded);
            Assert.InRange(loaded.Manifest.Cut, promised, begun);
            Assert.Empty(loaded.Skipped);
        }
        var last = new DirectorySnapshotStore(_directory.Path);
        Assert.True(await TakeAsync(last, keep: 1) > begun);
        Assert.Equal(Cuts.Blocks + 1 + 2, _directory.Files().Length);

        void Read(string? line)
        {
            var cut = long.Parse(line!.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
            Assert.True(cut > begun || (cut == begun && line.StartsWith("done", StringComparison.Ordinal)), $"Cut {cut} came after {begun}.");
            begun = cut;
            if (line.StartsWith("done", StringComparison.Ordinal)) promised = cut;
        }
    }

    /// <summary>A snapshot as a host takes it: its number first, its manifest last, then what is no longer kept.</summary>
    private static async Task<long> TakeAsync(ISnapshotStore store, int keep)
    {
        var cut = await Cuts.TakeNumberAsync(store);
        await Cuts.WriteAsync(store, cut);
        await store.RetainAsync(Cuts.Model, keep, default);
        await store.DeleteOrphansAsync(Cuts.Model, null, default);
        return cut;
    }
}
