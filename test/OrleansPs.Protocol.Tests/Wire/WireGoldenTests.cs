using System.Reflection;
using System.Runtime.CompilerServices;
using Orleans;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Protocol.Tests;

/// <summary>
/// What client and silos say to each other is what Golden/*.txt says. A wanted change is accepted by running these tests once with
/// ACCEPT_WIRE=1, and reviewed as the diff of those files: names and numbers that were given out are never given to something else.
/// </summary>
public sealed class WireGoldenTests
{
    [Fact]
    public void Interfaces_and_types_have_the_names_and_numbers_that_were_given_out() =>
        RequireGolden("contract.txt", string.Concat(Interfaces().Concat(Types())));

    [Fact]
    public void Messages_have_the_bytes_that_they_had() => RequireGolden("bytes.txt", string.Concat(Samples()
        .Select(s => $"{s.Name}: {Convert.ToHexStringLower(s.Bytes)}\n")));

    private static IEnumerable<(string Name, byte[] Bytes)> Samples()
    {
        var header = new MessageHeader(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
        var certificate = new Certificate(5, [new(0, 1), new(3, 300)]);
        yield return ("MessageHeader", WireRig.Write(header));
        yield return ("BlockReply", WireRig.Write(new BlockReply(BlockStatus.NeedCertificates, 1, 2, 3)));
        yield return ("Certificate", WireRig.Write(certificate));
        yield return ("TensorPayload", WireRig.Write(TensorPayloadTests.Payload((0, [1f]), (2, [2f, 3f]))));
        yield return ("PullReply", WireRig.Write(new PullReply(new(BlockStatus.Ok, 1, 1, 1), TensorPayloadTests.Payload((0, [1f])))));
        yield return ("JoinCommand", WireRig.Write(new JoinCommand(1, new Guid("00112233-4455-6677-8899-aabbccddeeff"), 2, 3)));
        yield return ("JoinReply", WireRig.Write(new JoinReply(CoordinatorStatus.Ok, 1, 2, 3, 4, 5, 6, 7, 8, 9, [certificate], [new(1, 2, 3)])));
        yield return ("ClockCommand", WireRig.Write(new ClockCommand(1, 2, 3, 4, 5)));
        yield return ("ClockReply", WireRig.Write(new ClockReply(CoordinatorStatus.Waiting, 1, 2, 3, 4, certificate)));
        yield return ("PresenceCommand", WireRig.Write(new PresenceCommand(PresenceKind.Leave, 1, 2, 3)));
        yield return ("PresenceReply", WireRig.Write(new PresenceReply(CoordinatorStatus.Evicted, 4)));
        yield return ("BlockMap", WireRig.Write(new BlockMap(1, 2, 3, [new("m/0/n/127.0.0.1:1@2", 4)])));
        yield return ("ChunkRecord", WireRig.Write(new ChunkRecord(1, "g0-c1-b1-e0", 5, "ab")));
        yield return ("DedupeImage", WireRig.Write(new DedupeImage(1, 2, 3, [4])));
        yield return ("Fault", WireRig.Write(Fault.Of(new UnknownModelException("m"))));
        yield return ("SnapshotInfo", WireRig.Write(new SnapshotInfo("m", 1, 2, 3, DateTimeOffset.UnixEpoch, 4)));
    }

    private static IEnumerable<string> Interfaces() =>
        from type in typeof(IBlockGrain).Assembly.GetTypes().OrderBy(t => t.Name, StringComparer.Ordinal)
        where type.IsInterface && typeof(IGrain).IsAssignableFrom(type)
        select $"interface {AliasOf(type)}\n" + string.Concat(
            from method in type.GetMethods()
            orderby method.Name
            select $"    {AliasOf(method)}({string.Join(", ", method.GetParameters().Select(p => NameOf(p.ParameterType)))}): {NameOf(method.ReturnType)}\n");

    private static IEnumerable<string> Types() =>
        from type in typeof(IBlockGrain).Assembly.GetTypes().OrderBy(t => t.Name, StringComparer.Ordinal)
        where type.IsDefined(typeof(GenerateSerializerAttribute), false) && !type.IsDefined(typeof(CompilerGeneratedAttribute))
        select $"type {AliasOf(type)}\n" + string.Concat(
            from member in type.GetMembers(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.DeclaredOnly)
            where member.IsDefined(typeof(IdAttribute))
            let id = member.GetCustomAttribute<IdAttribute>()!.Id
            orderby id
            select $"    {id}: {NameOf(member is FieldInfo field ? field.FieldType : ((PropertyInfo)member).PropertyType)} {member.Name}\n");

    private static string AliasOf(MemberInfo member) => member.GetCustomAttribute<AliasAttribute>()?.Alias ?? $"{member.Name} WITHOUT AN ALIAS";

    private static string NameOf(Type type) => type.IsGenericType
        ? $"{type.Name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(NameOf))}>"
        : type.IsArray ? NameOf(type.GetElementType()!) + "[]" : type.Name;

    private static void RequireGolden(string name, string actual)
    {
        Assert.DoesNotContain("WITHOUT AN ALIAS", actual, StringComparison.Ordinal);
        var path = Path.Combine(Directory(), "Golden", name);
        if (Environment.GetEnvironmentVariable("ACCEPT_WIRE") == "1") File.WriteAllText(path, actual);
        Assert.Equal(File.Exists(path) ? File.ReadAllText(path).ReplaceLineEndings("\n") : "", actual);
    }

    private static string Directory([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
