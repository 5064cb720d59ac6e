using System.Reflection;

namespace OrleansPs.Architecture;

/// <summary>Type names as C# writes them, with the marks of nullable references.</summary>
internal static class TypeNames
{
    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(void)] = "void", [typeof(object)] = "object", [typeof(string)] = "string", [typeof(bool)] = "bool",
        [typeof(byte)] = "byte", [typeof(sbyte)] = "sbyte", [typeof(short)] = "short", [typeof(ushort)] = "ushort",
        [typeof(int)] = "int", [typeof(uint)] = "uint", [typeof(long)] = "long", [typeof(ulong)] = "ulong",
        [typeof(float)] = "float", [typeof(double)] = "double", [typeof(decimal)] = "decimal", [typeof(char)] = "char",
    };

    private static readonly NullabilityInfoContext Nullability = new();

    public static string Of(ParameterInfo parameter)
    {
        lock (Nullability)
        {
            var direction = parameter.IsOut ? "out " : !parameter.ParameterType.IsByRef ? "" : parameter.IsIn ? "in " : "ref ";
            return direction + Of(parameter.ParameterType, Nullability.Create(parameter));
        }
    }

    public static string Of(PropertyInfo property)
    {
        lock (Nullability)
        {
            return Of(property.PropertyType, Nullability.Create(property));
        }
    }

    public static string Of(FieldInfo field)
    {
        lock (Nullability)
        {
            return Of(field.FieldType, Nullability.Create(field));
        }
    }

    public static string Of(Type type) => Of(type, null);

    /// <summary>The name of a type where it is declared: with the types around it and its own type parameters.</summary>
    public static string Declared(Type type) =>
        (type.DeclaringType is { } outer ? Declared(outer) + "." : "") + Bare(type) + Arguments(type.GetGenericArguments().Select(Of));

    public static string Declared(MethodInfo method) =>
        method.Name + Arguments(method.IsGenericMethod ? method.GetGenericArguments().Select(Of) : []);

    private static string Of(Type type, NullabilityInfo? info)
    {
        if (type.IsByRef)
        {
            return Of(type.GetElementType()!, info);
        }

        if (Nullable.GetUnderlyingType(type) is { } value)
        {
            return Of(value, info?.GenericTypeArguments.FirstOrDefault()) + "?";
        }

        var mark = !type.IsValueType && !type.IsGenericParameter && info?.ReadState == NullabilityState.Nullable ? "?" : "";
        return Plain(type, info) + mark;
    }

    private static string Plain(Type type, NullabilityInfo? info)
    {
        if (type.IsArray)
        {
            return Of(type.GetElementType()!, info?.ElementType) + "[]";
        }

        var inner = type.IsGenericParameter ? [] : type.GetGenericArguments()
            .Select((argument, at) => Of(argument, info?.GenericTypeArguments.ElementAtOrDefault(at)));
        return Keywords.GetValueOrDefault(type) ?? Bare(type) + Arguments(inner);
    }

    private static string Bare(Type type) => type.Name.Split('`')[0];

    private static string Arguments(IEnumerable<string> arguments) =>
        string.Join(", ", arguments) is { Length: > 0 } list ? $"<{list}>" : "";
}
