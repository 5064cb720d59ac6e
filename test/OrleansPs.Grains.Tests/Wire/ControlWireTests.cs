using System.Net;
using System.Reflection;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;
using Orleans.Serialization;
using OrleansPs.Core.Blocks;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Replication;
using OrleansPs.Core.Snapshots;
using OrleansPs.Protocol;

namespace OrleansPs.Grains.Tests;

/// <summary>
/// What silos say to each other, and what they keep, is what Golden/*.txt says. A wanted change is accepted by running these tests once
/// with ACCEPT_WIRE=1, and reviewed as the diff of those files.
/// </summary>
public sealed class ControlWireTests
{
    private static readonly Serializer s_serializer = new ServiceCollection()
        .AddSerializer(b => b.AddAssembly(typeof(StoredBytes).Assembly).AddAssembly(typeof(IBlockGrain).Assembly).AddAssembly(typeof(SiloAddress).Assembly))
        .BuildServiceProvider().GetRequiredService<Serializer>();

    [Fact]
    public void Interfaces_and_types_have_the_names_and_numbers_that_were_given_out() =>
        RequireGolden("contract.txt", string.Concat(Interfaces().Concat(Types())));

    [Fact]
    public void Messages_have_the_bytes_that_they_had() => RequireGolden("bytes.txt", string.Concat(Samples().Select(s => $"{s.Name}: {s.Hex}\n")));

    [Fact]
    public void Every_type_has_a_sample() =>
        Assert.Empty(SerializedTypes().Select(t => AliasOf(t)["orleansps.".Length..]).Except(Samples().Select(s => s.Name)));

    private static IEnumerable<(string Name, string Hex)> Samples()
    {
        var chunk = new ChunkRecord(1, "g0-c1-b1-e0", 5, "ab");
        var nonce = new Guid("00112233-4455-6677-8899-aabbccddeeff");
        var header = new MessageHeader(1, 2, 3, 4, 5, 6, 7, 8, 9, 10) { Policy = 11 };
        yield return Of("AcceptReply", new AcceptReply(StandbyStatus.Deposed, 2, 3));
        yield return Of("BlockDescription", new BlockDescription(1, 2, 3));
        yield return Of("BlockPlan", new BlockPlan([1, 2], 3, chunk, true));
        yield return Of("EntryItem", new EntryItem(1, 2, BlockEntryKind.Round, header, new(3, [new(4, 5)]), 6, true, 7, new(8, ConsistencyPolicy.Asynchronous, 9, 0.5)));
        yield return Of("PreparedBlock", new PreparedBlock(
            nonce, SiloAddress.New(IPAddress.Loopback, 11111, 7)));
        yield return Of("RecordReply", new RecordReply(RecordStatus.Refused, nonce, 3, [4]));
        yield return Of("ReplicaOrder", new ReplicaOrder(1, 2, ReplicaTask.Yield, 3, new("key", "silo", nonce)));
        yield return Of("ReplicaPlace", new ReplicaPlace("key", "silo", nonce));
        yield return Of("StatePiece", new StatePiece(1, 2, 3, 4, [5]));
        yield return Of("StoredBytes", new StoredBytes { Content = [1, 2, 3] });
        yield return Of("WrittenCut", new WrittenCut(BlockStatus.CutClosed, chunk, [new(1, 2, 3, [4])]));
    }

    // What is read back and written again must be the same, or a member did not travel.
    private static (string Name, string Hex) Of<T>(string name, T value)
    {
        var bytes = s_serializer.SerializeToArray(value);
        Assert.Equal(bytes, s_serializer.SerializeToArray(s_serializer.Deserialize<T>(bytes)));
        return (name, Convert.ToHexStringLower(bytes));
    }

    private static IEnumerable<string> Interfaces() =>
        from type in typeof(StoredBytes).Assembly.GetTypes().OrderBy(t => t.Name, StringComparer.Ordinal)
        where type.IsInterface && typeof(IGrain).IsAssignableFrom(type)
        select $"interface {AliasOf(type)}\n" + string.Concat(
            from method in type.GetMethods()
            orderby method.Name
            select $"    {AliasOf(method)}({string.Join(", ", method.GetParameters().Select(p => NameOf(p.ParameterType)))}): {NameOf(method.ReturnType)}\n");

    private static IEnumerable<string> Types() =>
        from type in SerializedTypes()
        select $"type {AliasOf(type)}\n" + string.Concat(
            from property in type.GetProperties()
            where property.IsDefined(typeof(IdAttribute))
            let id = property.GetCustomAttribute<IdAttribute>()!.Id
            orderby id
            select $"    {id}: {NameOf(property.PropertyType)} {property.Name}\n");

    private static IEnumerable<Type> SerializedTypes() =>
        from type in typeof(StoredBytes).Assembly.GetTypes().OrderBy(t => t.Name, StringComparer.Ordinal)
        where type.IsDefined(typeof(GenerateSerializerAttribute), false) && !type.IsDefined(typeof(CompilerGeneratedAttribute))
        select type;

    private static string AliasOf(MemberInfo member) => member.GetCustomAttribute<AliasAttribute>()?.Alias ?? $"{member.Name} WITHOUT AN ALIAS";

    private static string NameOf(Type type) => type.IsGenericType
        ? $"{type.Name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(NameOf))}>"
        : type.IsArray ? NameOf(type.GetElementType()!) + "[]" : type.Name;

    private static void RequireGolden(string name, string actual, [CallerFilePath] string source = "")
    {
        Assert.DoesNotContain("WITHOUT AN ALIAS", actual, StringComparison.Ordinal);
        var path = Path.Combine(Path.GetDirectoryName(source)!, "Golden", name);
        if (Environment.GetEnvironmentVariable("ACCEPT_WIRE") == "1") File.WriteAllText(path, actual);
        Assert.Equal(File.Exists(path) ? File.ReadAllText(path).ReplaceLineEndings("\n") : "", actual);
    }
}
