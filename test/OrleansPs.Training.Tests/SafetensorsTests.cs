using System.Buffers.Binary;
using System.Text;
using System.Text.Json;

namespace OrleansPs.Training.Tests;

public sealed class SafetensorsTests : IDisposable
{
    private static readonly DenseParameter[] s_parameters = [new("w", [2, 3]), new("b \"quoted\"", [3]), new("scale", [])];
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void What_is_saved_is_loaded_bit_for_bit()
    {
        var values = Values();
        values["w"].Span[1] = float.NaN;
        Safetensors.Save(_directory.File("w"), s_parameters, values);
        var loaded = Empty();

        Safetensors.Load(_directory.File("w"), s_parameters, loaded);

        foreach (var (name, expected) in values)
            Assert.Equal(expected.ToArray().Select(BitConverter.SingleToInt32Bits), loaded[name].ToArray().Select(BitConverter.SingleToInt32Bits));
        Assert.Equal(["w"], Directory.GetFiles(_directory.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void The_bytes_are_those_of_the_format()
    {
        Safetensors.Save(_directory.File("w"), s_parameters, Values());
        var bytes = File.ReadAllBytes(_directory.File("w"));
        var header = (int)BinaryPrimitives.ReadInt64LittleEndian(bytes);
        var json = JsonDocument.Parse(bytes.AsMemory(8, header)).RootElement;

        Assert.Equal(0, header % 8);
        Assert.Equal(8 + header + 40, bytes.Length);
        Assert.Equal("""{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}""", json.GetProperty("w").GetRawText());
        Assert.Equal("""{"dtype":"F32","shape":[3],"data_offsets":[24,36]}""", json.GetProperty("b \"quoted\"").GetRawText());
        Assert.Equal("""{"dtype":"F32","shape":[],"data_offsets":[36,40]}""", json.GetProperty("scale").GetRawText());
        Assert.Equal(5f, BinaryPrimitives.ReadSingleLittleEndian(bytes.AsSpan(8 + header + 20)));
        Assert.Equal(9f, BinaryPrimitives.ReadSingleLittleEndian(bytes.AsSpan(8 + header + 36)));
    }

    [Fact]
    public void A_file_of_another_tool_is_read_in_any_order_and_with_metadata()
    {
        var path = Write("""{"__metadata__":{"by":"x"},"b":{"shape":[1],"data_offsets":[4,8],"dtype":"F32"},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}  """, [1f, 2f]);
        var values = new TensorSet { { "b", new float[1] } };

        Safetensors.Load(path, [new("b", [1])], values);

        Assert.Equal(2f, values["b"].Span[0]);
        using var file = SafetensorsFile.Open(path);
        Assert.Equal(["a", "b"], file.Tensors.Select(t => t.Name));
        Assert.Equal(new Dictionary<string, string> { ["by"] = "x" }, file.Metadata);
    }

    [Fact]
    public void A_file_cut_short_at_any_byte_is_refused_and_nothing_is_read()
    {
        Safetensors.Save(_directory.File("w"), s_parameters, Values());
        var bytes = File.ReadAllBytes(_directory.File("w"));
        for (var length = 0; length < bytes.Length; length++)
        {
            var path = _directory.Write("cut", bytes[..length]);
            var loaded = Empty();
            Assert.Throws<DataFormatException>(() => Safetensors.Load(path, s_parameters, loaded));
            Assert.All(loaded, t => Assert.Equal(-1, t.Value.Span[0]));
        }
    }

    [Theory]
    [InlineData("[]", "no JSON object")]
    [InlineData("{", "no valid JSON")]
    [InlineData("""{"a":5}""", "entry for tensor 'a'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}}""", "entry for tensor 'a'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", "entry for tensor 'a'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,8]}}""", "entry for tensor 'a'")]
    [InlineData("""{"a":{"dtype":"BF16","shape":[2],"data_offsets":[0,8]}}""", "of type BF16 and shape [2] has 8 bytes")]
    [InlineData("""{"a":{"dtype":"I64","shape":[2],"data_offsets":[0,8]}}""", "of type I64 and shape [2] has 8 bytes")]
    [InlineData("""{"a":{"dtype":"F99","shape":[2],"data_offsets":[8,0]}}""", "has -8 bytes")]
    [InlineData("""{"__metadata__":{"a":1},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "metadata 'a' is no text")]
    [InlineData("""{"__metadata__":"x","a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "metadata is no JSON object")]
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", "has 8 bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}""", "begins at byte 8")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "announces 4 bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2147483647,2147483647,2147483647],"data_offsets":[0,8]}}""", "has 8 bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "begins at byte 0")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", "two tensors")]
    [InlineData("""{"\ud800":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "no well-formed Unicode")]
    [InlineData("""{"a":{"dtype":"\udc00","shape":[2],"data_offsets":[0,8]}}""", "no well-formed Unicode")]
    [InlineData("""{"a":{"\ud800":1,"dtype":"F64","shape":[2],"data_offsets":[0,8]}}""", "of type F64 and shape [2] has 8 bytes")]
    public void A_bad_header_is_refused_by_what_is_wrong(string header, string problem)
    {
        var error = Assert.Throws<DataFormatException>(() => SafetensorsFile.Open(Write(header, [1f, 2f])));
        Assert.Contains(problem, error.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a")]
    [InlineData("F32")]
    [InlineData("dtype")]
    public void A_header_that_is_no_UTF8_is_refused(string broken)
    {
        var path = Write("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", [1f, 2f]);
        var bytes = File.ReadAllBytes(path);
        bytes[bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes($"\"{broken}\"")) + 1] = 0xff;
        var error = Assert.Throws<DataFormatException>(() => SafetensorsFile.Open(_directory.Write("broken", bytes)));
        Assert.Contains("UTF-8", error.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_cannot_be_written_is_named_and_nothing_is_left_behind()
    {
        Directory.CreateDirectory(_directory.File("taken"));
        foreach (var path in (string[])[_directory.File("taken"), _directory.File("nowhere/w")])
        {
            var error = Assert.Throws<IOException>(() => Safetensors.Save(path, s_parameters, Values()));
            Assert.StartsWith($"{path}: ", error.Message, StringComparison.Ordinal);
        }
        Assert.Equal(["taken"], Directory.GetFileSystemEntries(_directory.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void Saving_leaves_files_of_others_alone()
    {
        File.WriteAllText(_directory.File("w.tmp"), "mine");
        Safetensors.Save(_directory.File("w"), s_parameters, Values());
        Assert.Equal("mine", File.ReadAllText(_directory.File("w.tmp")));
        Assert.Equal(2, Directory.GetFiles(_directory.Path).Length);
    }

    [Fact]
    public void A_file_that_lacks_a_parameter_or_has_it_in_another_shape_is_refused()
    {
        var path = Write("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", [1f, 2f]);
        var values = new TensorSet { { "a", new float[2] }, { "b", new float[2] } };
        AssertRefused(path, new("b", [2]), values, "no tensor 'b'");
        AssertRefused(path, new("a", [1, 2]), values, "has shape [2], not [1, 2]");
        AssertRefused(_directory.File("nowhere"), new("a", [2]), values, "does not exist");
        Assert.Throws<ShapeMismatchException>(() => Safetensors.Load(path, [new("a", [3])], values));
        Assert.Equal(0, values["a"].Span[0]);
    }

    [Fact]
    public void Saving_checks_the_values_before_it_writes()
    {
        var values = new TensorSet { { "a", new float[2] } };
        Assert.Throws<ShapeMismatchException>(() => Safetensors.Save(_directory.File("w"), [new("a", [3])], values));
        Assert.Throws<UnknownParameterException>(() => Safetensors.Save(_directory.File("w"), [new("b", [3])], values));
        Assert.Empty(Directory.GetFiles(_directory.Path));
    }

    private static void AssertRefused(string path, DenseParameter parameter, TensorSet values, string problem)
    {
        var error = Assert.Throws<DataFormatException>(() => Safetensors.Load(path, [parameter], values));
        Assert.Contains(problem, error.Problem, StringComparison.Ordinal);
    }

    private string Write(string header, float[] data)
    {
        var text = Encoding.UTF8.GetBytes(header);
        var bytes = new byte[8 + text.Length + 4 * data.Length];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, text.Length);
        text.CopyTo(bytes, 8);
        for (var i = 0; i < data.Length; i++) BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(8 + text.Length + 4 * i), data[i]);
        return _directory.Write("made", bytes);
    }

    private static TensorSet Values() => new()
    {
        { "scale", new float[] { 9 } }, { "w", new float[] { 0, 1, 2, 3, 4, 5 } }, { "b \"quoted\"", new float[] { 6, 7, 8 } },
    };

    private static TensorSet Empty()
    {
        var set = new TensorSet();
        foreach (var parameter in s_parameters)
        {
            var values = new float[parameter.Length];
            Array.Fill(values, -1);
            set.Add(parameter.Name, values);
        }
        return set;
    }
}
