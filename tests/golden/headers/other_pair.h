struct pair { long a; };
