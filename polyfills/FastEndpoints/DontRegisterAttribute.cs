namespace FastEndpoints;

/// <summary>Hides an endpoint or a validator from discovery.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class DontRegisterAttribute : Attribute;
