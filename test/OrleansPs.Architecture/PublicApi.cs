using System.Reflection;
using System.Runtime.CompilerServices;

namespace OrleansPs.Architecture;

/// <summary>Renders the public surface of an assembly as text, one line a member, so that a change of it shows as a diff.</summary>
internal static class PublicApi
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    public static string Render(Assembly assembly) => Render(assembly.GetExportedTypes());

    public static string Render(IEnumerable<Type> types) => string.Join("\n", types
        .OrderBy(type => type.FullName, StringComparer.Ordinal)
        .Select(type => Header(type) + "\n" + string.Concat(Members(type).Select(line => "    " + line + "\n"))));

    private static string Header(Type type)
    {
        var bases = Bases(type).Select(TypeNames.Of).ToArray();
        return $"{Kind(type)} {type.Namespace}.{TypeNames.Declared(type)}{(bases.Length > 0 ? " : " + string.Join(", ", bases) : "")}";
    }

    private static string Kind(Type type) =>
        type.IsEnum ? "enum"
        : type.IsInterface ? "interface"
        : typeof(Delegate).IsAssignableFrom(type) ? "delegate"
        : type.IsValueType ? (type.IsDefined(typeof(IsReadOnlyAttribute)) ? "readonly struct" : "struct")
        : (type.IsAbstract && type.IsSealed ? "static " : type.IsAbstract ? "abstract " : type.IsSealed ? "sealed " : "") +
            (type.GetMethod("<Clone>$") is null ? "class" : "record");

    // Only what the type itself adds: an interface that came with another one is noise.
    private static IEnumerable<Type> Bases(Type type)
    {
        if (type.IsEnum)
        {
            return [Enum.GetUnderlyingType(type)];
        }

        var direct = type.GetInterfaces();
        var inherited = direct.SelectMany(one => one.GetInterfaces()).Concat(type.BaseType?.GetInterfaces() ?? []);
        var parents = type.BaseType is { } parent && parent != typeof(object) && parent != typeof(ValueType) ? [parent] : Type.EmptyTypes;
        return parents.Concat(direct.Except(inherited).OrderBy(TypeNames.Of, StringComparer.Ordinal));
    }

    private static IEnumerable<string> Members(Type type) => type.IsEnum
        ? Enum.GetNames(type).Select(name => $"{name} = {Convert.ToInt64(Enum.Parse(type, name), null)}")
        : type.GetMembers(Declared).Select(Render).OfType<string>().Order(StringComparer.Ordinal);

    private static string? Render(MemberInfo member) => member switch
    {
        PropertyInfo property => RenderProperty(property),
        _ when member.IsDefined(typeof(CompilerGeneratedAttribute)) => null,
        ConstructorInfo constructor when IsVisible(constructor) =>
            $"{Modifiers(constructor)}new({Parameters(constructor)})",
        MethodInfo { IsSpecialName: false } method when IsVisible(method) =>
            $"{Modifiers(method)}{TypeNames.Of(method.ReturnParameter)} {TypeNames.Declared(method)}({Parameters(method)})",
        MethodInfo method when IsVisible(method) && method.Name.StartsWith("op_", StringComparison.Ordinal) =>
            $"static {TypeNames.Of(method.ReturnParameter)} {method.Name}({Parameters(method)})",
        FieldInfo field when field.IsPublic || field.IsFamily =>
            $"{(field.IsLiteral ? "const " : field.IsStatic ? "static " : "")}{TypeNames.Of(field)} {field.Name}" +
            (field.IsLiteral ? $" = {Value(field.GetRawConstantValue())}" : ""),
        EventInfo one when IsVisible(one.AddMethod) => $"event {TypeNames.Of(one.EventHandlerType!)} {one.Name}",
        _ => null,
    };

    private static string? RenderProperty(PropertyInfo property)
    {
        var getter = IsVisible(property.GetMethod) ? "get; " : "";
        var setter = !IsVisible(property.SetMethod) ? ""
            : property.SetMethod!.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) ? "init; " : "set; ";
        var generated = property.Name == "EqualityContract";
        var required = property.IsDefined(typeof(RequiredMemberAttribute)) ? "required " : "";
        var index = property.GetIndexParameters() is { Length: > 0 } keys ? $"[{string.Join(", ", keys.Select(RenderParameter))}]" : "";
        return getter + setter == "" || generated
            ? null
            : $"{Modifiers(property.GetMethod ?? property.SetMethod!)}{required}{TypeNames.Of(property)} {property.Name}{index} {{ {getter}{setter}}}";
    }

    private static bool IsVisible(MethodBase? method) => method is { IsPublic: true } or { IsFamily: true } or { IsFamilyOrAssembly: true };

    private static string Modifiers(MethodBase method) =>
        (method.IsPublic ? "" : "protected ") +
        (method.IsStatic ? "static " : "") +
        (method.DeclaringType!.IsInterface || !method.IsVirtual || method.IsFinal ? ""
            : method.IsAbstract ? "abstract "
            : ((MethodInfo)method).GetBaseDefinition().DeclaringType != method.DeclaringType ? "override " : "virtual ");

    private static string Parameters(MethodBase method) =>
        (method.IsDefined(typeof(ExtensionAttribute)) ? "this " : "") + string.Join(", ", method.GetParameters().Select(RenderParameter));

    private static string RenderParameter(ParameterInfo parameter) =>
        (parameter.IsDefined(typeof(ParamArrayAttribute)) ? "params " : "") +
        $"{TypeNames.Of(parameter)} {parameter.Name}" +
        (parameter.HasDefaultValue ? $" = {Value(parameter.DefaultValue)}" : "");

    private static string Value(object? value) => value switch
    {
        null => "default",
        string text => $"\"{text}\"",
        bool flag => flag ? "true" : "false",
        IFormattable number => number.ToString(null, System.Globalization.CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };
}
