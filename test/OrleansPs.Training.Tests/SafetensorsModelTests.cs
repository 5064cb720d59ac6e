using OrleansPs.Embedded;

namespace OrleansPs.Training.Tests;

/// <summary>A model goes into a file and another one comes out of it.</summary>
public sealed class SafetensorsModelTests : IDisposable
{
    private static readonly long[] s_keys = [5, -3, 1L << 50, 0];
    private readonly TempDirectory _directory = new();

    private static ModelSpec Spec { get; } = new("m")
    {
        Parameters = [new("w", [40, 50], Initializer.Normal()), new("b", [3])],
        Tables = [new("t", 6, Initializer.Normal()) { Shards = 3 }],
        Optimizer = Optimizer.Adam(lr: 0.1),
        BlockBytes = 4096,
        Seed = 4,
    };

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_file_holds_parameters_and_rows_of_a_cut_and_another_model_begins_with_them()
    {
        var path = _directory.File("m.safetensors");
        var (values, rows) = await SaveAsync(path);
        using var file = SafetensorsFile.Open(path);

        Assert.Equal(["w [40, 50] Float32", "b [3] Float32", "t.keys [4] Int64", "t.rows [4, 6] Float32"], file.Tensors.Select(t => $"{t.Name} {t.ShapeText} {t.Type}"));
        Assert.Equal(("m", "1", "pt"), (file.Metadata["model"], file.Metadata["cut"], file.Metadata["format"]));
        await using var server = await EmbeddedParameterServer.StartAsync();
        await server.CreateModelAsync(Spec with { Seed = 9, Tables = [Spec.Tables[0] with { Shards = 8 }] });
        var report = await server.LoadAsync("m", file);

        Assert.Equal(["w", "b", "t"], report.Loaded);
        Assert.Equal((values, rows), await ReadAsync(server));
    }

    [Fact]
    public async Task Saving_a_cut_that_is_not_there_leaves_the_file_as_it_was()
    {
        var path = _directory.Write("m.safetensors", [1]);
        await using var server = await EmbeddedParameterServer.StartAsync(new() { SnapshotDirectory = _directory.File("s") });
        await server.CreateModelAsync(Spec);
        await Assert.ThrowsAsync<SnapshotNotFoundException>(() => Safetensors.SaveSnapshotAsync(path, server, "m"));
        await Assert.ThrowsAsync<SnapshotNotFoundException>(() => Safetensors.SaveSnapshotAsync(path, server, "nobody", 3));
        Assert.Equal([1], File.ReadAllBytes(path));
    }

    [Fact]
    public async Task A_damaged_chunk_leaves_the_file_as_it_was()
    {
        var path = _directory.File("m.safetensors");
        await SaveAsync(path);
        var before = await File.ReadAllBytesAsync(path);
        var chunk = Directory.GetFiles(_directory.File("s"), "g1-c1-b1-e0", SearchOption.AllDirectories).Single();
        await File.WriteAllBytesAsync(chunk, [.. (await File.ReadAllBytesAsync(chunk))[..^1], 0xff]);
        await using var server = await EmbeddedParameterServer.StartAsync(new() { SnapshotDirectory = _directory.File("s") });

        await Assert.ThrowsAsync<SnapshotCorruptException>(() => Safetensors.SaveSnapshotAsync(path, server, "m", 1));

        Assert.Equal(before, await File.ReadAllBytesAsync(path));
        Assert.Single(Directory.GetFiles(_directory.Path));
    }

    private async Task<(string Values, string Rows)> SaveAsync(string path)
    {
        await using var server = await EmbeddedParameterServer.StartAsync(new() { SnapshotDirectory = _directory.File("s") });
        await server.CreateModelAsync(Spec);
        await using var worker = await server.JoinAsync("m", 0);
        var gradients = TensorSet.For(Spec);
        foreach (var (_, memory) in gradients) memory.Span.Fill(0.5f);
        await worker.PushAsync(gradients);
        var rows = new RowSet();
        rows.Add("t", s_keys, Enumerable.Range(1, s_keys.Length * 6).Select(i => (float)i).ToArray());
        await worker.PushRowsAsync(rows);
        await worker.ClockAsync(1);
        await server.TakeSnapshotAsync("m");
        await Safetensors.SaveSnapshotAsync(path, server, "m");
        return await ReadAsync(server);
    }

    private static async Task<(string Values, string Rows)> ReadAsync(EmbeddedParameterServer server)
    {
        await using var reader = await server.OpenReaderAsync("m");
        var (values, rows, floats) = (TensorSet.For(Spec), new RowSet(), new float[s_keys.Length * 6]);
        rows.Add("t", s_keys, floats);
        await reader.ReadLatestAsync(values);
        await reader.ReadLatestRowsAsync(rows);
        return (Text(values.SelectMany(t => t.Value.ToArray())), Text(floats));
    }

    private static string Text(IEnumerable<float> values) => string.Join(' ', values.Select(BitConverter.SingleToUInt32Bits));
}
