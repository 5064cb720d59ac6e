using System.Text;
using FsCheck.Xunit;
using OrleansPs.Core.Specs;
using OrleansPs.Core.Tests.Snapshots;

namespace OrleansPs.Core.Tests.Specs;

/// <summary>A spec's JSON is read strictly: whatever else it is, it is refused with the path of what is wrong.</summary>
[Properties(Arbitrary = [typeof(Arbitraries)])]
public class ModelSpecJsonTests
{
    private static readonly string Text = Encoding.UTF8.GetString(ModelSpecJson.Encode(Samples.Specs.Single(s => s.Name == "ssp").Spec));

    [Theory]
    [InlineData("\"name\": \"fashion-mnist\",", "", "name is missing")]
    [InlineData("\"shape\": [784, 256]", "\"shape\": [784, 256.5]", "parameters[0].shape[1] must be a whole number of 32 bits")]
    [InlineData("\"shape\": [784, 256]", "\"shape\": 784", "parameters[0].shape must be a list")]
    [InlineData("\"type\": \"adam\"", "\"type\": \"lion\"", "optimizer.type is 'lion', which is no optimizer")]
    [InlineData("\"type\": \"sgd\"", "\"type\": \"sum\"", "parameters[1].optimizer.momentum is unknown")]
    [InlineData("\"type\": \"scaledNormal\"", "\"type\": \"orthogonal\"", "parameters[0].initializer.type is 'orthogonal', which is no initializer")]
    [InlineData("\"fan\": \"in\"", "\"fan\": \"out\"", "parameters[0].initializer.fan must be one of 'in', 'average'")]
    [InlineData("\"type\": \"warmUp\"", "\"type\": \"exponential\"", "schedule.type is 'exponential', which is no schedule")]
    [InlineData("\"type\": \"cosine\"", "\"type\": \"sine\"", "schedule.then.type is 'sine', which is no schedule")]
    [InlineData("\"type\": \"replicated\"", "\"type\": \"none\"", "durability.type is 'none', which is no durability")]
    [InlineData("\"type\": \"staleSynchronous\"", "\"type\": \"SSP\"", "consistency.type must be one of 'bulkSynchronous', 'staleSynchronous', 'asynchronous'")]
    [InlineData("\"staleness\": 3", "\"staleness\": -1", "Consistency.Staleness is -1: it must be 0 to 1,000,000")]
    [InlineData("\"staleness\": 3", "\"staleness\": 1000001", "Consistency.Staleness is 1000001")]
    [InlineData("\"type\": \"globalNorm\"", "\"type\": \"norm\"", "clipping.type must be one of 'none', 'value', 'globalNorm'")]
    [InlineData("\"lr\": 0.0003", "\"lr\": 1e999", "optimizer.lr must be a finite number")]
    [InlineData("\"lr\": 0.0003", "\"lr\": \"0.0003\"", "optimizer.lr must be a finite number")]
    [InlineData("\"value\": -0", "\"value\": 1e39", "parameters[3].initializer.value must be a finite number of 32 bits")]
    [InlineData("\"nesterov\": true", "\"nesterov\": 1", "parameters[1].optimizer.nesterov must be true or false")]
    [InlineData("\"seed\": 18446744073709551615", "\"seed\": -1", "seed must be a whole number of 64 bits without a sign")]
    [InlineData("\"seed\": 18446744073709551615", "\"seed\": 18446744073709551616", "seed must be a whole number of 64 bits without a sign")]
    [InlineData("\"stagingBytes\": 1099511627776", "\"stagingBytes\": 1.5", "stagingBytes must be a whole number of 64 bits")]
    [InlineData("\"lease\": \"00:00:02.5000000\"", "\"lease\": \"2.5 s\"", "lease must be a time such as 00:00:10")]
    [InlineData("\"interval\": \"00:01:30.5000000\"", "\"interval\": 90", "durability.interval must be a text")]
    [InlineData("\"group\": \"slow\"", "\"group\": 1", "parameters[0].group must be a text")]
    [InlineData("\"frozen\": false", "\"frozen\": false, \"frozen\": false", "frozen")]
    [InlineData("\"reduction\": \"sum\"", "\"reduction\": null", "reduction must be a text")]
    [InlineData("\"clipping\": {", "\"clipping\": 5, \"x\": {", "clipping must be an object")]
    [InlineData("\"keep\": 5", "\"keep\": 5, \"max\": 6", "durability.max is unknown")]
    public void What_is_wrong_is_named_by_its_path(string what, string with, string problem)
    {
        Assert.Contains(what, Text, StringComparison.Ordinal);
        var place = Text.IndexOf(what, StringComparison.Ordinal);
        var changed = string.Concat(Text.AsSpan(0, place), with, Text.AsSpan(place + what.Length));
        Assert.Contains(problem, Refused(Encoding.UTF8.GetBytes(changed)).Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{} {}")]
    [InlineData("\uFEFF{}")]
    [InlineData("{\"\\ud800\": 1}")]
    [InlineData("{\"name\": \"\\udc00\"}")]
    public void What_is_no_object_of_a_spec_is_refused(string json) => Refused(Encoding.UTF8.GetBytes(json));

    [Theory]
    [InlineData("\"type\": \"topK\"", "\"type\": \"bf16\"", "groups[0].compression.k is unknown")]
    [InlineData("\"type\": \"oneBit\"", "\"type\": \"topK\"", "parameters[3].compression.k is missing")]
    [InlineData("\"type\": \"int8\"", "\"type\": \"int4\"", "parameters[2].compression.type must be one of 'none', 'bf16', 'int8', 'topK', 'oneBit'")]
    [InlineData("\"k\": 0.125", "\"k\": \"0.125\"", "groups[0].compression.k must be a finite number")]
    public void What_is_wrong_about_compression_is_named_by_its_path(string what, string with, string problem)
    {
        var text = Encoding.UTF8.GetString(ModelSpecJson.Encode(Samples.Specs.Single(s => s.Name == "compression").Spec));
        Assert.Contains(what, text, StringComparison.Ordinal);
        Assert.Contains(problem, Refused(Encoding.UTF8.GetBytes(text.Replace(what, with, StringComparison.Ordinal))).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_that_are_no_unicode_are_refused()
    {
        Refused([.. "{\"name\": \""u8, 0xFF, .. "\"}"u8]);
        Refused([.. "{\"n"u8, 0xC0, 0x80, .. "\": 1}"u8]);
        Refused([.. Encoding.UTF8.GetBytes(Text[..^2]), .. ", \"n"u8, 0xFF, .. "\": 1}"u8]);
    }

    [Fact]
    public void Nesting_without_end_is_refused() =>
        Refused(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("{\"schedule\":", 100_000))));

    [Fact]
    public void Replaced_tokens_are_refused_or_valid()
    {
        var accepted = 0;
        foreach (var json in JsonMutations.Of(Text))
        {
            ModelSpec spec;
            try
            {
                spec = ModelSpecJson.Decode(Encoding.UTF8.GetBytes(json), Damage.Name);
            }
            catch (DataFormatException e)
            {
                Assert.Equal(Damage.Name, e.File);
                continue;
            }
            accepted++;
            Same.Values(spec, ModelSpecJson.Decode(ModelSpecJson.Encode(spec), Damage.Name));
        }
        Assert.True(accepted > 0, "Some replaced numbers make another valid spec.");
    }

    [Property(MaxTest = 1000)]
    public void Random_bytes_are_no_spec(byte[] bytes, string text)
    {
        Refused(bytes);
        Refused(Encoding.UTF8.GetBytes(text ?? ""));
        Refused([.. "{\""u8, .. bytes]);
    }

    [Property]
    public void Random_damage_is_refused_or_read(ModelSpec spec, (ushort Place, byte Value)[] damage)
    {
        var json = ModelSpecJson.Encode(spec);
        foreach (var (place, value) in damage) json[place % json.Length] = value;
        try
        {
            ModelSpecJson.Decode(json, Damage.Name);
        }
        catch (DataFormatException e)
        {
            Assert.Equal(Damage.Name, e.File);
        }
    }

    [Fact]
    public void A_number_that_is_not_finite_is_not_written()
    {
        var spec = Samples.SmallManifest().Spec;
        Assert.Throws<ArgumentException>(() => ModelSpecJson.Encode(spec with { Optimizer = Optimizer.Sgd(double.NaN) }));
        Assert.Throws<ArgumentException>(() => ModelSpecJson.Encode(spec with { Clipping = GradientClipping.ByValue(double.PositiveInfinity) }));
    }

    [Fact]
    public void A_value_without_a_name_is_not_written()
    {
        var spec = Samples.SmallManifest().Spec;
        Assert.Throws<ArgumentOutOfRangeException>(() => ModelSpecJson.Encode(spec with { Reduction = (Reduction)9 }));
    }

    private static DataFormatException Refused(byte[] json)
    {
        var e = Assert.Throws<DataFormatException>(() => ModelSpecJson.Decode(json, Damage.Name));
        Assert.Equal(Damage.Name, e.File);
        return e;
    }
}
