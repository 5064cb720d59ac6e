using System.Runtime.CompilerServices;
using System.Text;
using FsCheck.Xunit;

namespace OrleansPs.Training.Tests;

public sealed class SafetensorsFileTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_file_made_by_hand_from_the_format_is_read_whatever_its_types_are()
    {
        using var file = SafetensorsFile.Open(Golden("mixed.safetensors"));

        Assert.Equal(["fc.weight", "fc.bias", "norm", "steps", "scale", "empty"], file.Tensors.Where(t => t.Length > 0).Select(t => t.Name).Append("empty"));
        Assert.Equal(
            [WeightType.Float32, WeightType.Float16, WeightType.BFloat16, WeightType.Int64, WeightType.Float32],
            file.Tensors.Where(t => t.Length > 0).Select(t => t.Type));
        Assert.Equal("made by hand", file.Metadata["note"]);
        Assert.Equal([0f, 1, -2, 0.5f, 3e38f, -0f], Read(file, "fc.weight", 0, 6));
        Assert.Equal([-2f, 0.5f], Read(file, "fc.weight", 2, 2));
        Assert.Equal([1.5f, -65504, 5.9604645e-8f], Read(file, "fc.bias", 0, 3));
        Assert.Equal([-3f, MathF.Pow(2, 100), 0.15625f], Read(file, "norm", 1, 3));
        Assert.Equal([7.25f], Read(file, "scale", 0, 1));
        Assert.Empty(Read(file, "empty", 0, 0));
    }

    [Fact]
    public void What_is_not_there_or_no_float_is_refused()
    {
        using var file = SafetensorsFile.Open(Golden("mixed.safetensors"));
        Assert.Throws<UnknownParameterException>(() => Read(file, "nothing", 0, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Read(file, "scale", 0, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => Read(file, "scale", -1, 1));
        var error = Assert.Throws<DataFormatException>(() => Read(file, "steps", 0, 1));
        Assert.Contains("tensor 'steps' is of a type that is not read", error.Problem, StringComparison.Ordinal);
        error = Assert.Throws<DataFormatException>(
            () => Safetensors.Load(file.Path, [new("steps", [1])], new() { { "steps", new float[1] } }));
        Assert.Contains("is of a type that is not read", error.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_half_is_widened_to_its_value()
    {
        var words = Enumerable.Range(0, 1 << 16).Select(i => (ushort)i).Append((ushort)1).ToArray();
        var header = $$$"""{"h":{"dtype":"F16","shape":[{{{words.Length}}}],"data_offsets":[0,{{{words.Length * 2}}}]}}""";
        var path = Write(header, words);
        using (var file = SafetensorsFile.Open(path))
        {
            var read = Read(file, "h", 0, words.Length);
            Assert.Equal(words.Select(w => Bits((float)BitConverter.UInt16BitsToHalf(w))), read.Select(Bits));
        }
        using var brain = SafetensorsFile.Open(Write(header.Replace("F16", "BF16", StringComparison.Ordinal), words));
        Assert.Equal(words.Select(w => (uint)w << 16), (Read(brain, "h", 0, words.Length)).Select(BitConverter.SingleToUInt32Bits));

        static uint Bits(float value) => BitConverter.SingleToUInt32Bits(value);
    }

    [Fact]
    public async Task What_is_saved_has_the_bytes_it_always_had()
    {
        var path = _directory.File("w");
        var weights = new TensorWeights(
            [new("w", [2, 2]), new("b ä", [1]), new("s", [])],
            new() { { "s", new float[] { 3 } }, { "w", new float[] { 1, -2, 0.5f, -0f } }, { "b ä", new float[] { 9 } } });
        await Safetensors.SaveAsync(path, weights, new Dictionary<string, string> { ["model"] = "m", ["cut"] = "7" });
        Assert.Equal(File.ReadAllBytes(Golden("saved.safetensors")), File.ReadAllBytes(path));
    }

    [Property(MaxTest = 60)]
    public void Whatever_is_saved_is_read_back_bit_for_bit_in_any_pieces(int seed, byte count)
    {
        var random = new Random(seed);
        var (parameters, values) = (new List<DenseParameter>(), new TensorSet());
        for (var i = 0; i < count % 7; i++)
        {
            int[] shape = [.. Enumerable.Range(0, random.Next(4)).Select(_ => 1 + random.Next(i == 0 ? 60 : 9))];
            var parameter = new DenseParameter($"p{i}{(char)random.Next(1, 0xd7ff)}", shape);
            var elements = new float[parameter.Length];
            for (var e = 0; e < elements.Length; e++) elements[e] = BitConverter.Int32BitsToSingle(random.Next(int.MinValue, int.MaxValue));
            parameters.Add(parameter);
            values.Add(parameter.Name, elements);
        }
        var path = _directory.File($"{seed}-{count}");
        Safetensors.Save(path, parameters, values);

        using var file = SafetensorsFile.Open(path);
        Assert.Equal(parameters.Select(p => (p.Name, p.ShapeText)), file.Tensors.Select(t => (t.Name, t.ShapeText)));
        foreach (var parameter in parameters)
        {
            var read = new float[parameter.Length];
            for (var start = 0; start < read.Length;)
            {
                var length = Math.Min(read.Length - start, 1 + random.Next(100));
                file.Read(parameter.Name, start, read.AsSpan(start, length));
                start += length;
            }
            Assert.Equal(values[parameter.Name].ToArray().Select(BitConverter.SingleToInt32Bits), read.Select(BitConverter.SingleToInt32Bits));
        }
    }

    [Property(MaxTest = 300)]
    public void A_damaged_file_is_read_or_refused_in_order(int seed)
    {
        var random = new Random(seed);
        var bytes = File.ReadAllBytes(Golden("mixed.safetensors"));
        for (var i = random.Next(1, 4); i > 0; i--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        var path = _directory.Write($"damaged{seed}", bytes);
        try
        {
            using var file = SafetensorsFile.Open(path);
            foreach (var tensor in file.Tensors.Where(t => t.IsFloat)) file.Read(tensor.Name, 0, new float[tensor.Length]);
        }
        catch (DataFormatException e)
        {
            Assert.Equal(path, e.File);
        }
    }

    [Fact]
    public async Task A_source_that_fails_leaves_the_file_as_it_was()
    {
        var path = _directory.Write("w", [1, 2, 3]);
        using (var source = SafetensorsFile.Open(Golden("mixed.safetensors")))
        {
            await Assert.ThrowsAsync<OperationCanceledException>(() => Safetensors.SaveAsync(path, source, null, new CancellationToken(true)));
        }
        var reserved = new TensorWeights([new("__metadata__", [1])], new() { { "__metadata__", new float[1] } });
        await Assert.ThrowsAsync<DataFormatException>(() => Safetensors.SaveAsync(path, reserved));
        Assert.Equal([1, 2, 3], File.ReadAllBytes(path));
        Assert.Single(Directory.GetFiles(_directory.Path));
    }

    [Fact]
    public void Tensors_in_memory_are_checked_when_they_are_named()
    {
        var values = new TensorSet { { "a", new float[2] } };
        Assert.Throws<ShapeMismatchException>(() => new TensorWeights([new("a", [3])], values));
        Assert.Throws<UnknownParameterException>(() => new TensorWeights([new("b", [3])], values));
    }

    private static float[] Read(SafetensorsFile file, string tensor, long start, int length)
    {
        var values = new float[length];
        var reading = file.ReadAsync(tensor, start, values);
        Assert.True(reading.IsCompletedSuccessfully);
        return values;
    }

    private string Write(string header, ushort[] words)
    {
        var text = Encoding.UTF8.GetBytes(header);
        byte[] data = [.. words.SelectMany(w => new[] { (byte)w, (byte)(w >> 8) })];
        return _directory.Write("made", [.. BitConverter.GetBytes((long)text.Length), .. text, .. data]);
    }

    private static string Golden(string name, [CallerFilePath] string test = "") => Path.Combine(Path.GetDirectoryName(test)!, "Golden", name);
}
